"""Puts the calls on the wire: the real gRPC interface, so that the real clients work against it."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import grpc
from google.cloud import tasks_v2
from google.protobuf import empty_pb2

from scripts.local.cloud_tasks.api import CloudTasksApi
from scripts.local.cloud_tasks.queues import Queues
from scripts.local.cloud_tasks.refusals import Refusal, RefusedError

_SERVICE: Final = "google.cloud.tasks.v2.CloudTasks"
_THREADS: Final = 8
# Beyond gRPC's 4 MB, so that a task far too large is refused by its own rule.
_OPTIONS: Final = (("grpc.max_receive_message_length", 32 * 1024 * 1024), ("grpc.so_reuseport", 0))

_CODES: Final[Mapping[Refusal, grpc.StatusCode]] = {
    refusal: grpc.StatusCode[refusal.name] for refusal in Refusal
}

Serializer = Callable[[Any], bytes]
_EMPTY: Final[Serializer] = empty_pb2.Empty.SerializeToString
_QUEUE: Final[Serializer] = tasks_v2.Queue.serialize
_TASK: Final[Serializer] = tasks_v2.Task.serialize


@dataclass(frozen=True, slots=True)
class GrpcServer:
    """A listening server and the threads that it answers on."""

    port: int
    server: grpc.Server
    threads: ThreadPoolExecutor

    def stop(self) -> None:
        """Answer nothing any more; calls under way are aborted."""
        self.server.stop(grace=None).wait()
        self.threads.shutdown()


def listen(api: CloudTasksApi, queues: Queues, port: int) -> GrpcServer:
    """Listen on 127.0.0.1; port 0 means a free one."""
    threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="cloud-tasks-grpc")
    server = grpc.server(threads, options=_OPTIONS)
    methods = {
        name: _on_the_wire(call, queues, request, serializer)
        for name, (call, request, serializer) in _calls(api).items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, methods),))
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return GrpcServer(bound, server, threads)


def _calls(api: CloudTasksApi) -> Mapping[str, tuple[Callable[[Any], object], Any, Serializer]]:
    v2 = tasks_v2
    return {
        "ListQueues": (api.list_queues, v2.ListQueuesRequest, v2.ListQueuesResponse.serialize),
        "GetQueue": (api.get_queue, v2.GetQueueRequest, _QUEUE),
        "CreateQueue": (api.create_queue, v2.CreateQueueRequest, _QUEUE),
        "UpdateQueue": (api.update_queue, v2.UpdateQueueRequest, _QUEUE),
        "DeleteQueue": (api.delete_queue, v2.DeleteQueueRequest, _EMPTY),
        "PurgeQueue": (api.purge_queue, v2.PurgeQueueRequest, _QUEUE),
        "PauseQueue": (api.pause_queue, v2.PauseQueueRequest, _QUEUE),
        "ResumeQueue": (api.resume_queue, v2.ResumeQueueRequest, _QUEUE),
        "ListTasks": (api.list_tasks, v2.ListTasksRequest, v2.ListTasksResponse.serialize),
        "GetTask": (api.get_task, v2.GetTaskRequest, _TASK),
        "CreateTask": (api.create_task, v2.CreateTaskRequest, _TASK),
        "DeleteTask": (api.delete_task, v2.DeleteTaskRequest, _EMPTY),
        "RunTask": (api.run_task, v2.RunTaskRequest, _TASK),
    }


def _on_the_wire(
    call: Callable[[Any], object], queues: Queues, request_type: Any, serializer: Serializer
) -> grpc.RpcMethodHandler:
    def answer(request: object, context: grpc.ServicerContext) -> object:
        try:
            with queues.changed:
                response = call(request)
                queues.changed.notify_all()
        except RefusedError as refused:
            context.abort(_CODES[refused.refusal], refused.message)
        return response

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=request_type.deserialize, response_serializer=serializer
    )
