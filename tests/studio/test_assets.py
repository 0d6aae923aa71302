"""Data, models, environments and datastores in the browser: lists, details, and what is said without any."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from running import Server
from studio.conftest import Open, photograph
from zaffre.ml import MLClient
from zaffre.ml.entities import Data, Environment, Model

EMPTY = {
    "data": "zaffre data create",
    "models": "zaffre model create",
    "environments": "zaffre environment create",
}
ROWS = "age,plan,spend\n31,gold,12.5\n44,silver,\n27,gold,3.25\n"


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_page_says_what_to_do(visit: Open, path: str) -> None:
    page = visit(path)
    expect(page.get_by_text(EMPTY[path]).first).to_be_visible()
    photograph(page, f"{path}-empty")


@pytest.fixture(scope="module")
def client(shared_server: Server) -> MLClient:
    return MLClient(url=shared_server.url, token=shared_server.token)


@pytest.fixture(scope="module")
def churn(client: MLClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A table in two versions."""
    folder: Path = tmp_path_factory.mktemp("churn")
    for version, text in (("1", "age\n1\n"), ("2", ROWS)):
        (folder / "churn.csv").write_text(text)
        client.data.create_or_update(
            Data(
                name="churn",
                version=version,
                type="uri_file",
                path=str(folder / "churn.csv"),
                description="Who left",
                tags={"team": "growth"},
            )
        )
    return "churn"


def test_data_is_listed_and_explored(visit: Open, churn: str) -> None:
    page = visit("data")
    expect(page.get_by_role("row", name=churn)).to_contain_text("uri_file")
    photograph(page, "data")
    page.get_by_role("link", name=churn).click()
    expect(page.get_by_text("azureml:churn:2")).to_be_visible()
    photograph(page, "data-asset")
    page.get_by_role("tab", name="Explore").click()
    columns = page.get_by_role("region", name="Columns")
    expect(columns).to_contain_text("27 to 44")
    expect(columns).to_contain_text("1 missing")
    rows = page.get_by_role("region", name="First rows")
    page.get_by_label("Filter the rows").fill("gold")
    expect(rows.locator("tbody tr")).to_have_count(2)
    page.get_by_role("button", name="spend").click()
    expect(rows.locator("tbody tr").first).to_contain_text("3.25")
    photograph(page, "data-explore")


def test_an_older_version_is_opened_by_its_address(visit: Open, churn: str) -> None:
    page = visit(f"data/{churn}?tab=versions")
    page.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_text("azureml:churn:1")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("tab", name="Versions")).to_have_attribute("aria-selected", "true")


def test_archiving_takes_it_out_of_the_list(visit: Open, client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("a\n1\n")
    client.data.create_or_update(
        Data(name="old", version="1", type="uri_file", path=str(tmp_path / "old.csv"))
    )
    page = visit("data/old")
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("archived", exact=True)).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be run again")
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible()


def test_a_model_shows_its_files(visit: Open, client: MLClient, tmp_path: Path) -> None:
    (tmp_path / "weights.txt").write_text("0.5")
    client.models.create_or_update(
        Model(name="scorer", path=str(tmp_path / "weights.txt"), type="custom_model")
    )
    page = visit("models")
    photograph(page, "models")
    page.get_by_role("link", name="scorer").click()
    expect(page.get_by_text("azureml:scorer:1")).to_be_visible()
    page.get_by_role("tab", name="Files").click()
    expect(page.get_by_text("0.5", exact=True)).to_be_visible()
    photograph(page, "model")
    page.get_by_role("button", name="Package…").click()
    expect(page.get_by_text("zaffre model package")).to_be_visible()


def test_an_environment_is_built(visit: Open, client: MLClient) -> None:
    client.environments.create_or_update(Environment(name="here", version="1", python="current"))
    page = visit("environments/here")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.get_by_text("Ready", exact=True)).to_be_visible(timeout=60_000)
    page.get_by_role("tab", name="Packages").click()
    expect(page.get_by_label("Filter the packages")).to_be_visible()
    photograph(page, "environment")
    photograph(visit("environments"), "environments")


def test_datastores_tell_how_jobs_name_them(visit: Open) -> None:
    page = visit("datastores")
    photograph(page, "datastores")
    page.get_by_role("link", name="workspaceblobstore").click()
    expect(page.get_by_text("azureml://datastores/workspaceblobstore/paths/")).to_be_visible()
    photograph(page, "datastore")
