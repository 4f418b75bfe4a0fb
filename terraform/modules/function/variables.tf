variable "bucket" {
  description = "Name of the bucket that the zip is put into."
  type        = string
}

variable "build" {
  description = "Who builds it, as a full name (not an e-mail address), and the repository that takes the image."
  type = object({
    repository      = string
    service_account = string
  })
}

variable "code" {
  description = "The folder that holds functions/ and shared/."
  type        = string
}

variable "entry_point" {
  description = "Name of the Python function, and of its folder in functions/."
  type        = string
}

variable "environment" {
  description = "The function's settings, by name."
  type        = map(string)
}

variable "ingress" {
  description = "From where it may be called: ALLOW_ALL, ALLOW_INTERNAL_AND_GCLB or ALLOW_INTERNAL_ONLY."
  type        = string

  validation {
    condition     = contains(["ALLOW_ALL", "ALLOW_INTERNAL_AND_GCLB", "ALLOW_INTERNAL_ONLY"], var.ingress)
    error_message = "ingress: write ALLOW_ALL, ALLOW_INTERNAL_AND_GCLB or ALLOW_INTERNAL_ONLY."
  }
}

variable "invokers" {
  description = "Who may call it: members, under names that do not change."
  type        = map(string)
}

variable "name" {
  description = "Name of the function, its service account and its zip."
  type        = string
}

variable "project" {
  description = "The project's id."
  type        = string
}

variable "region" {
  description = "Where it runs."
  type        = string
}

variable "size" {
  description = "CPUs, memory, requests at once in an instance, and how few and many instances."
  type = object({
    concurrency   = number
    cpu           = number
    max_instances = number
    memory        = string
    min_instances = number
  })
}

variable "timeout" {
  description = "Seconds after which a request is cut off."
  type        = number
}
