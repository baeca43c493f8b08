"""Nothing is reached without TLS: the bucket and the queues refuse it, and a domain of your own takes 1.2 at least."""

from __future__ import annotations

from typing import Any

from local.template import Template


def refuses_plain_http(policy: dict[str, Any], action: str, resources: list[Any]) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == action
        and statement["Resource"] in (resources, resources[0])
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in policy["Statement"]
    )


def test_every_queue_has_one_policy_which_refuses_plain_http(template: Template) -> None:
    """A second policy of a queue would take the place of the first."""
    policies = [policy for _, policy in template.of_type("AWS::SQS::QueuePolicy")]
    queues = [logical_id for logical_id, _ in template.of_type("AWS::SQS::Queue")]
    named = [queue["Ref"] for policy in policies for queue in policy["Queues"]]
    assert sorted(named) == sorted(queues)
    for policy in policies:
        arns = [{"Fn::GetAtt": [queue["Ref"], "Arn"]} for queue in policy["Queues"]]
        assert refuses_plain_http(policy["PolicyDocument"], "sqs:*", arns), named


def test_the_bucket_refuses_plain_http(template: Template) -> None:
    ((_, policy),) = template.of_type("AWS::S3::BucketPolicy")
    assert policy["Bucket"] == {"Ref": "ContentBucket"}
    arns = [{"Fn::GetAtt": ["ContentBucket", "Arn"]}, {"Fn::Sub": "${ContentBucket.Arn}/*"}]
    assert refuses_plain_http(policy["PolicyDocument"], "s3:*", arns)


def test_a_domain_of_your_own_takes_tls_1_2_at_least(template: Template) -> None:
    ((_, domain),) = template.of_type("AWS::ApiGateway::DomainName")
    assert domain["SecurityPolicy"] == "TLS_1_2"
