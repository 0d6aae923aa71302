"""Real-time endpoints in the browser: made, tried, rolled out by a slider, rolled back, watched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from running import Server
from studio.conftest import Open, photograph
from zaffre.ml import MLClient
from zaffre.ml.entities import (
    CodeConfiguration,
    Environment,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
)

SCRIPT = """
import json, os

def init():
    global who
    who = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "who.txt")).read()

def run(data):
    print("asked", data)
    return {"who": who, "sum": sum(json.loads(data)["data"])}
"""
PATIENCE = 60_000


def test_without_endpoints_the_page_says_how_to_make_one(visit: Open) -> None:
    page = visit("endpoints")
    expect(page.get_by_text("zaffre online-endpoint create")).to_be_visible()
    photograph(page, "endpoints-empty")
    page.get_by_role("button", name="New endpoint").first.click()
    page.get_by_role("dialog").get_by_role("textbox").fill("empty")
    page.get_by_role("button", name="Create the endpoint").click()
    expect(page.get_by_role("heading", name="empty")).to_be_visible()
    expect(page.get_by_text("Nothing answers here yet")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete the endpoint").click()
    expect(page).to_have_url(re.compile("/endpoints$"))


@pytest.fixture(scope="module")
def churn(shared_server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An endpoint with two deployments that answer who they are; all traffic is blue's."""
    folder = tmp_path_factory.mktemp("churn")
    (folder / "score.py").write_text(SCRIPT)
    client = MLClient(url=shared_server.url, token=shared_server.token)
    client.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="churn")).result()
    for name in ("blue", "green"):
        deploy(client, folder, name)
    endpoint = client.online_endpoints.get("churn")
    endpoint.traffic = {"blue": 100, "green": 0}
    client.online_endpoints.begin_create_or_update(endpoint).result()
    return "churn"


def deploy(client: MLClient, folder: Path, name: str) -> None:
    model = folder / name
    model.mkdir()
    (model / "who.txt").write_text(name)
    client.online_deployments.begin_create_or_update(
        ManagedOnlineDeployment(
            name=name,
            endpoint_name="churn",
            model=Model(path=str(model / "who.txt"), type="custom_model"),
            code_configuration=CodeConfiguration(code=str(folder), scoring_script="score.py"),
            environment=Environment(python="current"),
        )
    ).result()


def test_a_request_is_tried_and_its_answer_tells_who_gave_it(visit: Open, churn: str) -> None:
    page = visit(f"endpoints/{churn}?tab=test")
    page.get_by_label("Body of the request").fill('{"data": [1, 2, 3]}')
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer).to_contain_text('"who": "blue"')
    expect(answer).to_contain_text('"sum": 6')
    page.get_by_label("Who answers").select_option("green")
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text('"who": "green"')
    photograph(page, "endpoint-test")
    page.get_by_label("Body of the request").fill("no json")
    page.get_by_role("button", name="Send").click()
    expect(answer).to_contain_text("Failed")


def test_traffic_is_moved_and_moved_back(visit: Open, churn: str, shared_server: Server) -> None:
    page = visit(f"endpoints/{churn}")
    traffic = page.get_by_role("region", name="Traffic")
    traffic.get_by_label("Percent of green").fill("10")
    expect(traffic.get_by_label("Percent of blue")).to_have_value("90")
    expect(traffic).to_contain_text('--traffic "blue=90 green=10"')
    traffic.get_by_role("button", name="Apply").click()
    expect(traffic).to_contain_text("blue 90 %, green 10 %")
    photograph(page, "endpoint")
    path = "/api/v1/workspaces/default/online-endpoints/churn"
    assert shared_server.call("GET", path)["traffic"] == {"blue": 90, "green": 10}
    traffic.get_by_role("button", name="Roll back").click()
    expect(traffic).to_contain_text("blue 100 %")
    assert shared_server.call("GET", path)["traffic"] == {"blue": 100, "green": 0}


def test_programs_find_the_address_and_the_keys(visit: Open, churn: str) -> None:
    page = visit(f"endpoints/{churn}?tab=consume")
    keys = page.get_by_role("region", name="Address and keys")
    expect(keys).to_contain_text("••••")
    keys.get_by_role("button", name="Show the keys").click()
    shown = keys.locator("code").nth(1)
    expect(shown).not_to_contain_text("••••")
    before = shown.inner_text()
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_text("urllib.request.Request")).to_be_visible()
    keys.get_by_role("button", name="Replace").first.click()
    page.get_by_role("button", name="Replace the key").click()
    expect(shown).not_to_have_text(before)
    photograph(page, "endpoint-consume")


def test_the_log_of_the_script_is_read(visit: Open, churn: str) -> None:
    page = visit(f"endpoints/{churn}?tab=logs&of=blue")
    expect(page.get_by_text("asked").first).to_be_visible()
    photograph(page, "endpoint-logs")


def test_the_load_is_drawn(visit: Open, churn: str) -> None:
    page = visit(f"endpoints/{churn}?tab=monitor")
    chart = page.get_by_role("region", name="Requests a second")
    expect(chart).to_contain_text("blue", timeout=PATIENCE)
    expect(page.get_by_role("region", name="Instances that answer")).to_be_visible()
    photograph(page, "endpoint-monitor")


def test_a_list_shows_the_shares(visit: Open, churn: str) -> None:
    page = visit("endpoints")
    row = page.get_by_role("row", name=re.compile(churn))
    expect(row).to_contain_text("blue 100 %")
    photograph(page, "endpoints")


def test_deploying_without_a_model_says_what_to_do(visit: Open, churn: str) -> None:
    page: Page = visit(f"endpoints/{churn}")
    page.get_by_role("button", name="Deploy a model").click()
    expect(page.get_by_text("There is no model yet")).to_be_visible()
