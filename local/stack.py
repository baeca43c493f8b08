"""The stack put together: template, emulators, resources, workers, front."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from local.compaction import compact
from local.console import log_line, without_information
from local.credentials import Credentials, kept_or_new, write_private
from local.data_directory import DataDirectory
from local.door import Door, new_access_key
from local.emulators.containers import Containers, Doorway, container_environment, ports_here
from local.emulators.services import Services
from local.events.background import Background
from local.failures import StartupError, TemplateError
from local.gateway.controls import Controls
from local.gateway.front import Front
from local.gateway.hooks import Hooks
from local.gateway.server import Server
from local.resources import create_resources
from local.template import ROOT, Template, load_template
from local.template.keys import key_specs
from local.template.resolve import Resolver
from local.usage import disk_bytes, memory_bytes
from local.workers.functions import Function
from local.workers.pool import FunctionPool
from local.workers.remote import RemoteFunction
from local.workers.specs import function_specs

LineSink = Callable[[str, str], None]


class Stack:
    """A running local stack; everything it started ends with `stop`, or with the process."""

    def __init__(
        self,
        *,
        port: int,
        data_directory: Path | None = None,
        workers: int = 2,
        verbose: bool = False,
        template_path: Path = ROOT / "template.yaml",
        parameters: Sequence[str] = (),
        sink: LineSink = log_line,
        containers: Containers | None = None,
        lambda_url: str | None = None,
    ) -> None:
        """Start everything; a LocalStackError says why that failed, and leaves nothing running.

        `lambda_url` is where functions run instead of in worker processes; they are called there by their logical ids.
        """
        self._template = load_template(template_path, parameters)
        self._resolver = Resolver(self._template)
        self._document, self._stage = api_definition(self._template, self._resolver)
        self._verbose = verbose
        self._containers = containers
        self._lambda_url = lambda_url
        self._pools: dict[str, Function] = {}
        self._ends: list[Callable[[], None]] = []
        try:
            self._start(port, data_directory, workers, sink if verbose else without_information(sink))
        except BaseException:
            self.stop()
            raise

    def _start(self, port: int, data_directory: Path | None, workers: int, sink: LineSink) -> None:
        server = Server(port)
        self._ends.append(server.close)
        self.origin = f"http://127.0.0.1:{server.port}"
        hosts = (self._containers.address,) if self._containers else ()
        self.door = Door(new_access_key(), server.port, hosts)
        self.data = DataDirectory(data_directory)
        self._ends.append(self.data.close)
        compact(self.data)
        self.services = Services(self.data, self.door, key_specs(self._template, self._resolver), sink)
        self._ends.append(self.services.stop)
        create_resources(self.services.client, self._template, self._resolver)
        self._make_functions(workers, sink)
        if self._containers:
            self._open_to(self._containers)
        self.base_url = f"{self.origin}/{self._stage}"
        background = Background(
            self._template,
            self._resolver,
            self.services.client,
            self._pools,
            sink,
            positions=self.data.positions,
        )
        self._ends += [self.services.stop_moto, background.stop]
        front = Front(self._document, self._stage, self._pools, background.asynchronous)
        controls = Controls(self._template, self._resolver, front, background.valves)
        environment = {**self.services.environment, **controls.environment(self.origin)}
        hooks = Hooks(background.targets, background.ticker, environment, self.usage)
        server.serve(self.door, front, hooks, controls)
        background.start()

    def _make_functions(self, workers: int, sink: LineSink) -> None:
        # Workers die with the thread that started them (see `guard`), so one thread that stays starts them all.
        spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")
        self._ends.append(lambda: spawner.shutdown(wait=False, cancel_futures=True))
        # Theirs alone, as in Lambda: what they keep of contents there goes with the stack.
        temporary = tempfile.mkdtemp(prefix="local-stack-functions-")
        self._ends.append(lambda: shutil.rmtree(temporary, ignore_errors=True))
        settings = {**self.services.environment, "TMPDIR": temporary}
        for spec in function_specs(self._template, self._resolver, settings, trace=self._verbose):
            function: Function = FunctionPool(spec, workers, spawner, sink)
            if self._lambda_url:
                function = RemoteFunction(spec, self._lambda_url)
            self._pools[spec.name] = function
            self._ends.append(function.close)

    def _open_to(self, containers: Containers) -> None:
        services = self.services.environment
        for port in ports_here(services):
            self._ends.append(Doorway(containers.address, port).close)
        environment = container_environment(self._template, self._resolver, services, containers.address)
        write_private(containers.environment_file, environment)
        self._ends.append(lambda: containers.environment_file.unlink(missing_ok=True))

    def stop(self) -> None:
        """End every process, close the port, remove what was temporary."""
        while self._ends:
            self._ends.pop()()

    def credentials(self) -> Credentials:
        """Return the tenant and its keys, made now if the data directory holds none."""
        return kept_or_new(self.data.path / "credentials.json", self.origin, self.base_url, self.door.key.key_id)

    def usage(self) -> dict[str, dict[str, int]]:
        """Return the bytes of resident `memory` by kind of process, and of the files on `disk` by what they hold."""
        workers = [pid for function in self._pools.values() for pid in function.worker_pids()]
        pids = {"the stack": [os.getpid()], **self.services.pids(), f"{len(workers)} workers": workers}
        memory = {name: sum(map(memory_bytes, each)) for name, each in pids.items()}
        return {"memory": memory, "disk": disk_bytes(self.data)}

    def check(self) -> None:
        """End workers that nobody needs; raise a StartupError when an emulator has ended by itself."""
        for function in self._pools.values():
            function.end_idle()
        if name := self.services.failed():
            raise StartupError(f"{name} ended by itself; the stack can't go on without it")


def api_definition(template: Template, resolver: Resolver) -> tuple[dict[str, Any], str]:
    """Return the resolved OpenAPI document of the template's API and the name of its stage."""
    apis = list(template.of_type("AWS::ApiGateway::RestApi"))
    stages = list(template.of_type("AWS::ApiGateway::Stage"))
    if len(apis) != 1 or len(stages) != 1:
        raise TemplateError(f"the local stack runs one API with one stage, not {len(apis)} with {len(stages)}")
    return resolver.resolve(apis[0][1]["Body"]), str(resolver.resolve(stages[0][1]["StageName"]))
