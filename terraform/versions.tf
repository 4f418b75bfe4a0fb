terraform {
  required_version = ">= 1.11"

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = ">= 2.7, < 3.0"
    }
    # 8.0 changes defaults of load balancing and secrets; read its upgrade guide first.
    google = {
      source  = "hashicorp/google"
      version = ">= 7.35, < 8.0"
    }
    time = {
      source  = "hashicorp/time"
      version = ">= 0.13, < 1.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  # Budgets and Firebase's rules ask whose quota a person's call uses: this project's.
  billing_project       = var.project_id
  user_project_override = true

  default_labels = merge({ application = var.prefix }, var.labels)
}
