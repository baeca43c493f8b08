"""What recordings can't show. Each entry is reviewed: a grant that no test uses, and why it stays."""

from __future__ import annotations

from tests.privileges.grants import Fact

# Asked for nowhere: S3 answers a missing object with 404 only to who may list the bucket, and with 403 otherwise.
TELLS_MISSING_OBJECTS = "s3:ListBucket"

_POWERTOOLS = (
    "Powertools reads a record in progress when DynamoDB refuses to write over it and does not bring it along."
)

_MODELS = "No emulator has models: `test_answer_models.py` asks one over the wire, by no function's name."


UNSEEN: dict[Fact, str] = {
    ("AdminApiFunction", "dynamodb:GetItem", "IdempotencyTable"): _POWERTOOLS,
    ("DeveloperApiFunction", "dynamodb:GetItem", "IdempotencyTable"): _POWERTOOLS,
    ("SearchApiFunction", "bedrock:InvokeModel", "AnswerModelId"): _MODELS,
    ("SearchApiFunction", "bedrock:InvokeModel", "arn:${AWS::Partition}:bedrock:*::foundation-model/*"): _MODELS,
    ("SearchApiFunction", "bedrock:InvokeModel", "arn:${AWS::Partition}:bedrock:::foundation-model/*"): _MODELS,
    (
        "SearchApiFunction",
        "bedrock:InvokeModel",
        "arn:${AWS::Partition}:bedrock:${AWS::Region}:${AWS::AccountId}:project/default",
    ): _MODELS,
}
