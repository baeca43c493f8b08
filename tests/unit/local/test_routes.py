import pytest

from local.failures import TemplateError
from local.gateway.routes import RouteTable


def operation(function: str) -> dict:
    uri = (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:us-east-1:123456789012:function:{function}/invocations"
    )
    return {"x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri}}


@pytest.fixture
def routes() -> RouteTable:
    return RouteTable(
        {
            "paths": {
                "/{proxy+}": {"x-amazon-apigateway-any-method": operation("rest")},
                "/v1/sources/{sourceId}": {"parameters": [], "get": operation("get")},
                "/v1/sources/own": {"get": operation("own")},
                "/v1/whole": {"x-amazon-apigateway-any-method": operation("whole"), "get": operation("read")},
                "/v1/sources/{sourceId}/items/{externalItemId}": {"get": operation("item")},
            }
        }
    )


@pytest.mark.parametrize(
    ("method", "path", "function", "parameters"),
    [
        ("GET", "/v1/sources/src_1", "get", {"sourceId": "src_1"}),
        ("GET", "/v1/sources/own", "own", {}),
        ("POST", "/v1/sources/own", "rest", {"proxy": "v1/sources/own"}),
        ("GET", "/v1/sources/a/items/b%2Fc", "item", {"sourceId": "a", "externalItemId": "b%2Fc"}),
        ("GET", "/v1/sources/a/items/", "rest", {"proxy": "v1/sources/a/items/"}),
        ("GET", "/v1/sources/", "rest", {"proxy": "v1/sources/"}),
        ("GET", "/v1/whole", "read", {}),
        ("HEAD", "/v1/whole", "whole", {}),
        ("DELETE", "/anything/at/all", "rest", {"proxy": "anything/at/all"}),
    ],
)
def test_most_specific_route_answers(routes, method: str, path: str, function: str, parameters: dict) -> None:
    match = routes.match(method, path)
    assert (match.route.function_name, match.path_parameters) == (function, parameters)


def test_an_alias_leads_to_its_function() -> None:
    routes = RouteTable({"paths": {"/v1/x": {"get": operation("get:live")}}})
    assert routes.match("GET", "/v1/x").route.function_name == "get"


def test_root_of_the_stage_is_no_resource(routes) -> None:
    assert routes.match("GET", "/") is None


def test_operation_without_integration_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateError, match="get /v1/x"):
        RouteTable({"paths": {"/v1/x": {"get": {"responses": {}}}}})
