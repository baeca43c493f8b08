"""Makes moto's Step Functions interpreter serve StartSyncExecution and invoke the stack's own workers.

moto parses a definition for each execution and builds a boto3 client for each task; both are kept here, which brings
a machine of three states from about 40 ms to well under 20.
"""

from __future__ import annotations

import functools
import http.client
import io
import sys
import threading
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError
from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import StateMachineType
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication, Execution, SyncExecution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local.door import Door
from local.emulators.ended_executions import bound_executions
from local.emulators.execution_files import ExecutionFiles, Unfinished
from local.template.load import ACCOUNT_ID

# A task may take as long as the longest function; the function's own time-out ends it.
_TASK_SECONDS = 900


def install_state_machines(door: Door, files: ExecutionFiles | None = None) -> None:
    """Teach moto StartSyncExecution, let its Lambda tasks call the stack, and take up what a restart cut off."""
    client = InvokeClient(door)
    tasks: Any = lambda_eval_utils
    tasks.boto_client_for = lambda **_: client
    parser: Any = AmazonStateLanguageParser
    parser.parse = staticmethod(functools.cache(AmazonStateLanguageParser.parse))
    responses: Any = StepFunctionResponse
    responses.start_sync_execution = _start_sync_execution
    bound_executions()
    _start_one_at_a_time()
    _report_failures()
    if files:
        _keep_executions(files)


class InvokeClient:
    """The one method of a Lambda client that tasks call."""

    def __init__(self, door: Door) -> None:
        self._address = f"127.0.0.1:{door.front}"
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {door.key.key_id}"}

    def invoke(self, FunctionName: str, Payload: bytes = b"{}", **_: Any) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Invoke a function by name or ARN; ClientError when it could not be invoked at all."""
        path = f"/2015-03-31/functions/{quote(FunctionName, safe='')}/invocations"
        try:
            status, headers, body = self._post(path, Payload)
        except (OSError, http.client.HTTPException) as error:
            raise _service_error(str(error)) from error
        if status >= 400:
            raise _service_error(f"HTTP {status}")
        answer = {"StatusCode": status, "ExecutedVersion": "$LATEST", "Payload": io.BytesIO(body)}
        if function_error := headers.get("X-Amz-Function-Error"):
            answer["FunctionError"] = function_error
        return answer

    def _post(self, path: str, payload: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=_TASK_SECONDS)
        try:
            connection.request("POST", path, payload, self._headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()


def _start_one_at_a_time() -> None:
    """Name executions that have no name, and let only one of several with the same name begin."""
    starting = threading.Lock()
    backend: Any = StepFunctionsParserBackend
    start = backend.start_execution

    def start_execution(self: Any, machine_arn: str, name: str | None = None, *rest: Any, **more: Any) -> Any:
        with starting:
            return start(self, machine_arn, name or str(uuid.uuid4()), *rest, **more)

    backend.start_execution = start_execution


def _keep_executions(files: ExecutionFiles) -> None:
    """Note Standard executions while they run, and begin those again that a machine had under way when it was lost."""
    backend: Any = StepFunctionsParserBackend
    ended: Any = BaseExecutionWorkerCommunication
    start, create, terminated = backend.start_execution, backend.create_state_machine, ended.terminated

    def start_execution(
        self: Any, machine_arn: str, name: str | None = None, execution_input: str = "{}", *rest: Any
    ) -> Any:
        name = name or str(uuid.uuid4())
        standard = self.describe_state_machine(machine_arn).sm_type == StateMachineType.STANDARD
        noted = standard and files.begin(Unfinished(machine_arn, name, execution_input))
        try:
            return start(self, machine_arn, name, execution_input, *rest)
        except BaseException:
            if noted:
                files.end(machine_arn, name)
            raise

    def create_state_machine(self: Any, *arguments: Any, **named: Any) -> Any:
        machine = create(self, *arguments, **named)
        for execution in files.unfinished(machine.arn):
            start(self, machine.arn, execution.name, execution.input)
            said = f"execution {execution.name} of {machine.name} was cut off: it runs again from its first state"
            print(said, file=sys.stderr, flush=True)
        return machine

    def forget(self: Any) -> None:
        terminated(self)
        files.end(self.execution.state_machine_arn, self.execution.name)

    backend.start_execution, backend.create_state_machine, ended.terminated = (
        start_execution,
        create_state_machine,
        forget,
    )


def _report_failures() -> None:
    """Print how an execution ended that nobody waits for, unless it succeeded or was stopped."""
    ended: Any = BaseExecutionWorkerCommunication
    terminated = ended.terminated

    def report(self: Any) -> None:
        terminated(self)
        execution = self.execution
        if type(execution) is Execution and execution.status in {"FAILED", "TIMED_OUT"}:
            reason = " ".join(f"{execution.error or ''} {execution.cause or ''}".split())[:500]
            machine = execution.state_machine.name
            print(f"execution {execution.name} of {machine}: {execution.status} {reason}", file=sys.stderr, flush=True)

    ended.terminated = report


def _service_error(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ServiceException", "Message": message}}, "Invoke")


def _start_sync_execution(self: Any) -> ActionResult:
    machine = self.stepfunction_backend.describe_state_machine(self._get_param("stateMachineArn"))
    name = self._get_param("name") or str(uuid.uuid4())
    execution = SyncExecution(
        name=name,
        sm_type=machine.sm_type,
        role_arn=machine.roleArn,
        exec_arn=machine.arn.replace(":stateMachine:", ":express:") + f":{name}:{uuid.uuid4()}",
        account_id=ACCOUNT_ID,
        region_name=self.region,
        state_machine=machine,
        start_date=datetime.now(tz=UTC),
        cloud_watch_logging_session=None,
        input_data=self._get_param("input") or "{}",
        trace_header=self._get_param("traceHeader"),
        activity_store={},
    )
    execution.start()
    return ActionResult(execution.to_start_sync_execution_output())
