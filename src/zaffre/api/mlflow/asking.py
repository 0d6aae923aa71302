"""What tracking's requests ask beyond plain fields: searches, pages, times, datasets."""

from __future__ import annotations

from zaffre.api.mlflow.asked import Asked
from zaffre.api.mlflow.hot import whole
from zaffre.errors import Invalid
from zaffre.kinds.search import Subject, parse_filter, parse_order
from zaffre.kinds.tracking import Dataset, DatasetInput, ModelLink, Pair, View
from zaffre.kinds.tracking_rules import wrong
from zaffre.ports.tracking import Search

_VIEWS = {"1": View.ACTIVE_ONLY, "2": View.DELETED_ONLY, "3": View.ALL}
_MOST_ORDERS = 10


def integer(asked: Asked, name: str) -> int | None:
    """Give a whole number, or None.

    Raises:
        Invalid: it is something else.
    """
    found = asked.fields.get(name)
    if found is None or found == "":
        return None
    if isinstance(found, bool) or not isinstance(found, (int, float, str)):
        raise wrong(name, str(found)[:100], "It must be a whole number.")
    return whole(found, name)


def search_of(asked: Asked, subject: Subject, view_field: str, limit: int) -> Search:
    """Give the search that is asked for.

    Raises:
        Invalid: a field of it is wrong, or its filter or order is no such thing.
    """
    orders = asked.texts("order_by")
    if len(orders) > _MOST_ORDERS:
        raise Invalid(f"`order_by` may name at most {_MOST_ORDERS} fields.")
    asked_limit = integer(asked, "max_results")
    return Search(
        clauses=parse_filter(asked.maybe("filter"), subject),
        order=[parse_order(text, subject) for text in orders],
        view=view_of(asked, view_field),
        limit=limit if asked_limit is None else asked_limit,
        page=asked.maybe("page_token") or "",
    )


def view_of(asked: Asked, field: str) -> View:
    """Give the view that is asked for: its name, or its number in the protocol.

    Raises:
        Invalid: there is no such view.
    """
    found = asked.fields.get(field)
    if found is None or found == "":
        return View.ACTIVE_ONLY
    if isinstance(found, (str, int)) and not isinstance(found, bool):
        text = str(found)
        if text in View.__members__:
            return View[text]
        if text in _VIEWS:
            return _VIEWS[text]
    raise wrong(field, str(found)[:100], f"Known are {list(View.__members__)}.")


def dataset_of(sent: Asked) -> DatasetInput:
    """Give a dataset that a run used.

    Raises:
        Invalid: something of it is missing or no text.
    """
    found = sent.fields.get("dataset")
    if not isinstance(found, dict):
        raise Invalid("Dataset input must have a dataset associated with it.")
    fields = Asked(found)
    dataset = Dataset(
        _told(fields, "name"),
        _told(fields, "digest"),
        _told(fields, "source_type"),
        _told(fields, "source"),
        fields.maybe("schema"),
        fields.maybe("profile"),
    )
    return DatasetInput(dataset, [_input_tag(tag) for tag in sent.parts("tags")])


def _told(fields: Asked, name: str) -> str:
    found = fields.maybe(name)
    if found is None:
        raise Invalid(f"Dataset {name} cannot be None")
    return found


def _input_tag(tag: Asked) -> Pair:
    key, value = tag.maybe("key"), tag.maybe("value")
    if key is None or value is None:
        raise Invalid("InputTag key and value cannot be None")
    return Pair(key, value)


def models_of(asked: Asked) -> list[ModelLink]:
    """Give the logged models that are named.

    Raises:
        Invalid: one has no id.
    """
    return [
        ModelLink(one.text("model_id"), integer(one, "step") or 0) for one in asked.parts("models")
    ]


def labels_of(asked: Asked) -> list[Pair]:
    """Give the tags that are sent with something new."""
    return [Pair(key, value) for key, value in asked.pairs("tags").items()]
