"""What template.yaml keeps for whoever operates it: alarms, logs, tracing, a dashboard, and what outlives the stack."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.template import Template
from local.template.load import ROOT, read_template, read_yaml
from local.template.parameters import parameter_values
from local.template.resolve import Resolver
from testing import spec

_DEAD_LETTER_SETTINGS = ("deadLetterTargetArn", "DeadLetterConfig", "DeadLetterQueue", "OnFailure")
# Of what comes by itself, nothing is bad news.
_RAISED_WITHOUT_DATA = {"UpkeepRoundsAlarm"}
_RETAINED = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::KMS::Key")
# Signs what a client gets anew when it asks anew.
_HOLDS_NOTHING = "CursorKey"


@pytest.fixture(scope="module")
def template() -> Template:
    return read_template()


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    return dict(template.of_type("AWS::CloudWatch::Alarm"))


def watched(template: Template, namespace: str, metric: str) -> list[dict[str, Any]]:
    """The dimensions under which some alarm watches a metric."""
    found = []
    for alarm in alarms(template).values():
        stats = [entry["MetricStat"]["Metric"] for entry in alarm.get("Metrics", []) if "MetricStat" in entry]
        for watches in [alarm, *stats]:
            if (watches.get("Namespace"), watches.get("MetricName")) == (namespace, metric):
                found.append({each["Name"]: each["Value"] for each in watches.get("Dimensions", [])})
    return found


def own(template: Template) -> Iterator[dict[str, Any]]:
    """The alarms on the functions' own metrics."""
    return (alarm for alarm in alarms(template).values() if alarm.get("Namespace") == {"Ref": "AWS::StackName"})


def tasks_of_machines(template: Template) -> set[str]:
    machines = [properties for _, properties in template.of_type("AWS::Serverless::StateMachine")]
    given = [value for machine in machines for value in machine["DefinitionSubstitutions"].values()]
    return {arn["Fn::GetAtt"][0] for arn in given if "Fn::GetAtt" in arn}


def dead_letter_queues(template: Template) -> set[str]:
    """Every queue that something leaves what it failed at in."""
    queues = {logical_id for logical_id, _ in template.of_type("AWS::SQS::Queue")}
    return {name for name in _left_in(template.resources, named=False) if name in queues}


def _left_in(value: Any, *, named: bool) -> Iterator[str]:
    """Every logical id that is referred to somewhere under the name of a dead-letter setting."""
    if isinstance(value, list):
        for entry in value:
            yield from _left_in(entry, named=named)
    elif isinstance(value, dict):
        if named and "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"][0]
        for key, entry in value.items():
            yield from _left_in(entry, named=named or key in _DEAD_LETTER_SETTINGS)


def test_every_dead_letter_queue_has_an_alarm(template: Template) -> None:
    queues = dead_letter_queues(template)
    # One that is called so is one, whoever fills it.
    queues |= {logical_id for logical_id, _ in template.of_type("AWS::SQS::Queue") if "DeadLetter" in logical_id}
    assert "ImportDeadLettersQueue" in queues
    dimensions = watched(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible")
    assert {queue for queue in queues if {"QueueName": {"Fn::GetAtt": [queue, "QueueName"]}} not in dimensions} == set()


def test_every_function_has_an_alarm(template: Template) -> None:
    """A task of a state machine raises refusals as errors, so that its crashes are counted by the function itself."""
    functions = {logical_id for logical_id, _ in template.of_type("AWS::Serverless::Function")}
    errors = [each["FunctionName"]["Ref"] for each in watched(template, "AWS/Lambda", "Errors")]
    tasks = tasks_of_machines(template)
    assert functions - set(errors) - tasks == set()
    assert not tasks & set(errors)
    assert watched(template, "AWS/Lambda", "Throttles") == [{}]
    for logical_id in tasks:
        folder = dict(template.of_type("AWS::Serverless::Function"))[logical_id]["CodeUri"].split("/")[1]
        source = (ROOT / "functions" / folder / "app.py").read_text("utf-8")
        assert f'@observed("{folder}"' in source, f"{folder} does not count its crashes"


def test_every_reader_of_a_stream_has_an_alarm_on_its_lag(template: Template) -> None:
    readers = {
        logical_id
        for logical_id, function in template.of_type("AWS::Serverless::Function")
        if any(event["Type"] == "DynamoDB" for event in function.get("Events", {}).values())
    }
    ages = {each["FunctionName"]["Ref"] for each in watched(template, "AWS/Lambda", "IteratorAge")}
    assert readers == ages


def test_every_state_machine_has_an_alarm(template: Template) -> None:
    watch = watched(template, "AWS/States", "ExecutionsTimedOut") + watched(template, "AWS/States", "ExecutionsFailed")
    machines = {logical_id for logical_id, _ in template.of_type("AWS::Serverless::StateMachine")}
    assert machines == {each["StateMachineArn"]["Ref"] for each in watch}


def test_every_table_has_an_alarm(template: Template) -> None:
    tables = {logical_id for logical_id, _ in template.of_type("AWS::DynamoDB::Table")}
    indexes = {
        (logical_id, index["IndexName"])
        for logical_id, table in template.of_type("AWS::DynamoDB::Table")
        for index in table.get("GlobalSecondaryIndexes", [])
    }
    assert indexes
    for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
        watch = watched(template, "AWS/DynamoDB", metric)
        # What a table throttles is not counted with what its indexes do.
        by_table = {each["TableName"]["Ref"] for each in watch if "GlobalSecondaryIndexName" not in each}
        by_index = {(each["TableName"]["Ref"], each.get("GlobalSecondaryIndexName")) for each in watch}
        assert by_table == tables
        assert {each for each in by_index if each[1]} == indexes


def test_no_alarm_watches_more_metrics_than_it_may(template: Template) -> None:
    for logical_id, alarm in alarms(template).items():
        metrics = [entry for entry in alarm.get("Metrics", []) if "MetricStat" in entry]
        assert len(metrics) <= 10, logical_id


def test_what_lambda_takes_for_later_is_watched_and_is_left_somewhere(template: Template) -> None:
    """Schedules, rules and the stream: EventBridge and Lambda tell of what they could not bring in a queue."""
    started = set()
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        for name, event in function.get("Events", {}).items():
            properties = event["Properties"]
            if event["Type"] in {"Schedule", "ScheduleV2", "EventBridgeRule"}:
                started.add(logical_id)
                assert properties["DeadLetterConfig"]["Arn"], (logical_id, name)
            elif event["Type"] == "DynamoDB":
                assert properties["DestinationConfig"]["OnFailure"]["Destination"], (logical_id, name)
    for logical_id, rule in template.of_type("AWS::Events::Rule"):
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"], logical_id
            started.add(target["Arn"]["Fn::GetAtt"][0])
    dropped = {each["FunctionName"]["Ref"] for each in watched(template, "AWS/Lambda", "AsyncEventsDropped")}
    assert dropped == started


def test_every_queue_that_is_worked_on_has_an_alarm_on_its_age(template: Template) -> None:
    queues = {logical_id for logical_id, _ in template.of_type("AWS::SQS::Queue") if "DeadLetter" not in logical_id}
    ages = {
        each["QueueName"]["Fn::GetAtt"][0] for each in watched(template, "AWS/SQS", "ApproximateAgeOfOldestMessage")
    }
    assert ages == queues


def test_no_arn_names_a_partition(template: Template) -> None:
    """`aws` is one of three: a stack in China or GovCloud would name what is not there."""
    for path in (ROOT / "template.yaml", ROOT / "openapi.yaml", *(ROOT / "statemachines").iterdir()):
        assert "arn:aws" not in path.read_text("utf-8"), path.name


def test_tables_are_made_ready_by_parameter_only(template: Template) -> None:
    """Named otherwise, a deployment would lower what a table has grown to, which DynamoDB refuses."""
    resolver = Resolver(template)
    for logical_id, table in template.of_type("AWS::DynamoDB::Table"):
        assert resolver.resolve(table["WarmThroughput"]) is None, logical_id
    template = replace(template, parameters={**template.parameters, "ItemsWarmWrites": 40_000})
    tables = dict(template.of_type("AWS::DynamoDB::Table"))
    warm = {name: Resolver(template).resolve(table["WarmThroughput"]) for name, table in tables.items()}
    assert warm.pop("ItemsTable") == {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 40_000}
    assert set(warm.values()) == {None}


def test_a_share_of_concurrency_is_kept_by_parameter_only(template: Template) -> None:
    """For what tenants' requests are answered by, each by its own; a new account has none to keep."""
    functions = dict(template.of_type("AWS::Serverless::Function"))
    kept = {
        name: function["ReservedConcurrentExecutions"]
        for name, function in functions.items()
        if "ReservedConcurrentExecutions" in function
    }
    parameters = {
        "DeveloperApiFunction": "ApiReservedConcurrency",
        "SearchApiFunction": "SearchReservedConcurrency",
    }
    assert kept.keys() == parameters.keys()
    assert [Resolver(template).resolve(reserved) for reserved in kept.values()] == [None, None]
    for name, parameter in parameters.items():
        given = replace(template, parameters={**template.parameters, parameter: 40})
        reserved = {each: Resolver(given).resolve(value) for each, value in kept.items()}
        assert reserved == {**dict.fromkeys(kept), name: 40}


def test_api_and_lifecycle_have_alarms(template: Template) -> None:
    stack = {"Ref": "AWS::StackName"}
    assert watched(template, "AWS/ApiGateway", "5XXError") == [{"ApiName": stack, "Stage": "api"}]
    api = dict(template.of_type("AWS::Serverless::Api"))["RestApi"]
    assert (api["Name"], api["StageName"]) == (stack, "api")
    found = {(alarm["MetricName"], str(alarm.get("Dimensions"))) for alarm in own(template)}
    failed = str([{"Name": "outcome", "Value": "failed"}])
    assert found == {
        *((name, failed) for name in ("Runs", "Applies", "Imports", "Exports")),
        ("TaskCrashes", "None"),
        ("UpkeepFailures", "None"),
        ("OldestUnappliedAge", "None"),
        ("UpkeepRounds", "None"),
        ("BusRefusals", "None"),
        ("AnswerFallbacks", "None"),
        ("AnswerFallbacks", str([{"Name": "code", "Value": "refused"}])),
        *(("Refusals", str([{"Name": "code", "Value": code}])) for code in ("index_damaged", "index_too_large")),
    }


def test_alarms_watch_metrics_that_the_code_emits(template: Template) -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "layers" / "shared").rglob("*.py"))
    for alarm in own(template):
        assert f'"{alarm["MetricName"]}"' in code, alarm["MetricName"]


def test_every_alarm_tells_somebody_and_nearly_all_are_quiet_without_data(template: Template) -> None:
    for logical_id, alarm in alarms(template).items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], logical_id
        without_data = "breaching" if logical_id in _RAISED_WITHOUT_DATA else "notBreaching"
        assert alarm["TreatMissingData"] == without_data, logical_id
        assert alarm["AlarmDescription"].endswith("."), logical_id
        # CloudWatch takes an evaluation range of a day at most, and of seven with periods from an hour on.
        period = alarm.get("Period", 300)
        assert period * alarm["EvaluationPeriods"] <= (604_800 if period >= 3_600 else 86_400), logical_id
    subscription = template.resources["AlarmSubscription"]
    assert (subscription["Condition"], subscription["Properties"]["Endpoint"]) == ("SendsAlarms", {"Ref": "AlarmEmail"})


def test_operations_guide_names_every_parameter(template: Template) -> None:
    guide = (ROOT / "docs" / "operations" / "deploy.md").read_text("utf-8")
    assert [name for name in template.parameters if f"`{name}`" not in guide] == []


def test_every_log_group_forgets_when_the_parameter_says(template: Template) -> None:
    functions = dict(template.of_type("AWS::Serverless::Function"))
    groups = dict(template.of_type("AWS::Logs::LogGroup"))
    used = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert len(set(used)) == len(functions), "each function has a log group of its own"
    for _, machine in template.of_type("AWS::Serverless::StateMachine"):
        (destination,) = machine["Logging"]["Destinations"]
        used.append(destination["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0])
        assert machine["Logging"]["IncludeExecutionData"] is False
    used.append(
        template.resources["RestApi"]["Properties"]["AccessLogSetting"]["Fn::If"][1]["DestinationArn"]["Fn::GetAtt"][0]
    )
    assert set(used) == set(groups)
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())


def test_everything_is_traced(template: Template) -> None:
    source = read_yaml(ROOT / "template.yaml")
    assert source["Globals"]["Function"]["Tracing"] == "Active"
    for _, function in template.of_type("AWS::Serverless::Function"):
        assert "Tracing" not in function
    for _, machine in template.of_type("AWS::Serverless::StateMachine"):
        assert machine["Tracing"] == {"Enabled": True}
    assert dict(template.of_type("AWS::Serverless::Api"))["RestApi"]["TracingEnabled"] is True


def test_functions_write_json_and_know_their_namespace() -> None:
    function = read_yaml(ROOT / "template.yaml")["Globals"]["Function"]
    logging = function["LoggingConfig"]
    assert logging["LogFormat"] == "JSON"
    # A line with metrics is written at any level, and is of level INFO: Lambda may never be stricter than that.
    assert logging["ApplicationLogLevel"] == {"Fn::If": ["WritesDebug", "DEBUG", "INFO"]}
    assert function["Environment"]["Variables"]["METRICS_NAMESPACE"] == {"Ref": "AWS::StackName"}


def test_dashboard_shows_every_function_and_queue(template: Template) -> None:
    body = template.resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    variables = set(re.findall(r"\$\{([^}]+)\}", body))
    shown = {variable.removesuffix(".QueueName") for variable in variables if not variable.startswith("AWS::")}
    wanted = ("AWS::Serverless::Function", "AWS::SQS::Queue", "AWS::DynamoDB::Table")
    assert shown == {logical_id for kind in wanted for logical_id, _ in template.of_type(kind)}
    widgets = json.loads(re.sub(r"\$\{[^}]+\}", "x", body))["widgets"]
    assert len({(widget["x"], widget["y"]) for widget in widgets}) == len(widgets)


def test_what_holds_data_outlives_the_stack(template: Template) -> None:
    for logical_id, resource in template.resources.items():
        if resource["Type"] in _RETAINED and logical_id != _HOLDS_NOTHING:
            kept = {resource.get(name) for name in ("DeletionPolicy", "UpdateReplacePolicy")}
            assert kept == {"Retain"}, logical_id


def test_operations_guide_names_what_outlives_the_stack_and_what_could_collide(template: Template) -> None:
    """What is kept is imported again by its logical id; what has a name of its own stands in the next stack's way."""
    guide = (ROOT / "docs" / "operations" / "deploy.md").read_text("utf-8")
    kept = {name for name, resource in template.resources.items() if resource["Type"] in _RETAINED} - {_HOLDS_NOTHING}
    assert {name for name in kept if f"`{name}`" not in guide} == set()
    assert len(kept) == 10
    named = {
        resource["Type"]
        for resource in template.resources.values()
        # A gateway's name may be there twice, and one's own domain is in one stack anyway.
        if resource["Type"] not in {"AWS::Serverless::Api", "AWS::ApiGateway::DomainName"}
        and any(name in {"Name", resource["Type"].split("::")[-1] + "Name"} for name in resource.get("Properties", {}))
    }
    named |= {resource["Type"] for resource in template.resources.values() if "LogGroupName" in resource["Properties"]}
    assert named == {
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::EventBus",
        "AWS::Logs::LogGroup",
        "AWS::Route53::RecordSet",
    }


def test_deleted_objects_are_kept_as_long_as_tables_can_be_restored(template: Template) -> None:
    bucket = template.resources["ContentBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["ForgetWhatWasDeleted"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}
    assert "Prefix" not in rules["ForgetWhatWasDeleted"]


def test_nothing_that_began_outlives_the_wait_of_a_stop(template: Template) -> None:
    """`operations.stopping` waits for as long as the slowest function may take, and what is more begins again."""
    functions = dict(template.of_type("AWS::Serverless::Function"))
    longest = max(function["Timeout"] for function in functions.values())
    machine = json.loads((ROOT / "statemachines" / "diff_and_apply.asl.json").read_text("utf-8"))
    by_themselves = {"StageImportFunction", "WriteExportFunction"}
    tasks = max(functions[name]["Timeout"] for name in tasks_of_machines(template) - by_themselves)
    assert functions["DeveloperApiFunction"]["Timeout"] + machine["TimeoutSeconds"] + tasks <= longest
    page = (ROOT / "docs" / "operations" / "restore.md").read_text("utf-8")
    assert f"It takes {longest // 60} minutes" in page
    for logical_id, function in functions.items():
        events = function.get("Events", {}).values()
        if any(event["Type"] == "Schedule" for event in events):
            # One that Lambda tries again, or has kept, would begin in the middle of a restore.
            config = function["EventInvokeConfig"]
            assert config == {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": longest}, logical_id


def test_no_record_of_the_stream_is_given_up_for_its_age(template: Template) -> None:
    """After a stop of some hours all would be, into a dead-letter queue. DynamoDB keeps them for a day."""
    for logical_id, function in template.of_type("AWS::Serverless::Function"):
        for event in function.get("Events", {}).values():
            assert event["Properties"].get("MaximumRecordAgeInSeconds", -1) == -1, logical_id


def test_stage_is_throttled(template: Template) -> None:
    settings = dict(template.of_type("AWS::Serverless::Api"))["RestApi"]["MethodSettings"]
    every, *of_some = settings
    assert (every["HttpMethod"], every["ResourcePath"]) == ("*", "/*")
    assert every["ThrottlingRateLimit"] == {"Ref": "RequestsPerSecond"}
    assert every["ThrottlingBurstLimit"] == {"Ref": "RequestBurst"}
    # What anybody may ask takes nothing from the others' share; a stage may be throttled to little, too.
    encoded = {(each["HttpMethod"], each["ResourcePath"]) for each in of_some}
    assert encoded == {(each.method, "/" + each.path.replace("/", "~1")) for each in spec.operations() if each.open}
    for each in of_some:
        assert each["ThrottlingRateLimit"] <= 5
        assert each["ThrottlingBurstLimit"] <= 10


def test_domain_record_and_web_acl_come_by_parameter_only(template: Template) -> None:
    source = read_yaml(ROOT / "template.yaml")
    conditions = {
        "CustomDomain": "HasDomain",
        "CustomDomainMapping": "HasDomain",
        "CustomDomainRecord": "HasRecord",
        "WebAcl": "MakesWebAcl",
        "WebAclAssociation": "HasWebAcl",
        "MadeWebAclAssociation": "MakesWebAcl",
    }
    for logical_id, condition in conditions.items():
        assert template.resources[logical_id]["Condition"] == condition
        assert condition in source["Conditions"]
    for parameter in ("DomainName", "CertificateArn", "HostedZoneId", "WebAclArn", "AlarmEmail"):
        assert template.parameters[parameter] == ""
    # The same base path with a domain of your own and without: the function takes `/api` off.
    assert template.resources["CustomDomainMapping"]["Properties"]["BasePath"] == "api"


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_samconfig_deploys_with_parameters_that_the_template_takes(environment: str, tmp_path: Path) -> None:
    config = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))[environment]
    assert config["global"]["parameters"]["stack_name"].endswith(f"-{environment}")
    assert config["validate"]["parameters"]["lint"] is True
    deploy = config["deploy"]["parameters"]
    assert "CAPABILITY_IAM" in deploy["capabilities"]
    assert deploy["confirm_changeset"] is (environment == "prod")
    values = parameter_values(read_yaml(ROOT / "template.yaml"), tmp_path, deploy["parameter_overrides"])
    assert values["LogLevel"] == {"dev": "DEBUG", "prod": "INFO"}[environment]
