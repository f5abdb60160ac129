from typing import get_args

import pytest
from pydantic import ValidationError

from small_dataset_audio.config.captions import CaptionKind, Captions
from small_dataset_audio.models.captioning.prompts import BUILT_IN, question


def test_there_is_a_question_for_every_caption_and_a_place_for_one_of_the_users() -> None:
    assert set(BUILT_IN) == set(get_args(CaptionKind))
    for kind in get_args(CaptionKind):
        assert question(kind, Captions(), [], {}) == " ".join(
            BUILT_IN[kind].replace("{genres}", "").replace("{metadata}", "").split()
        )
        own = Captions.model_validate({f"prompt_{kind}": "What is\nthis?"})
        assert question(kind, own, [], {}) == "What is this?"


def test_the_places_are_filled_with_what_is_known() -> None:
    settings = Captions(prompt_full="Describe it. {genres} {metadata} Go on.")
    asked = question("full", settings, ["Rock", "Blues", "Folk", "Jazz"], {"artists": "The {Band}", "year": "1999"})
    assert asked == (
        "Describe it. A classifier suggests: Rock, Blues, Folk. Its tags say: artists: The {Band}; year: 1999. Go on."
    )
    assert question("full", settings, [], {}) == "Describe it. Go on."
    assert "{" not in question("genre_mood", Captions(), [], {})


def test_other_braces_are_refused_when_the_settings_are_read() -> None:
    with pytest.raises(ValidationError):
        Captions(prompt_full="{tempo}")
