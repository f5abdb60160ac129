from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from small_dataset_audio.pipeline import schema
from small_dataset_audio.pipeline.plan import Failure
from small_dataset_audio.pipeline.run import Summary

ALL = [schema.RUN_SCHEMA, schema.PLAN_SCHEMA, schema.ANALYZE_SCHEMA, schema.DEMO_SCHEMA]


@pytest.mark.parametrize("one", ALL, ids=lambda one: one["title"])
def test_each_is_a_schema_that_allows_nothing_unnamed(one: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(one)
    assert one["additionalProperties"] is False
    assert set(one["required"]) == set(one["properties"])


def test_a_summary_is_what_the_schema_says_in_every_state(tmp_path: Any) -> None:  # noqa: ANN401 - pytest's own path
    validate = Draft202012Validator(schema.RUN_SCHEMA).validate
    summary = Summary(tmp_path)
    validate(summary.as_dict())
    summary.failures += [Failure("one", stage, "what", "why", "fix") for stage in ("organize", "analyze")]
    summary.log, summary.interrupted, summary.unfinished = tmp_path / "log", True, 2
    validate(summary.as_dict())
    assert summary.as_dict()["tracks"] == {"done": 0, "skipped": 0, "failed": 1, "unfinished": 2}
    with pytest.raises(ValidationError):
        validate({**summary.as_dict(), "seconds": -1})
    with pytest.raises(ValidationError):
        validate({**summary.as_dict(), "more": 1})
