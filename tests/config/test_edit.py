import re
import tomllib

import pytest
from hypothesis import given

from small_dataset_audio.config.toml.edit import with_value, without_value
from support.config_toml import bare_keys, documents, leaves, patient


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[paths]\nlibrary = "a"  # mine\n', '[paths]\nlibrary = "NEW"  # mine\n'),
        ('[paths]\nlibrary="a"', '[paths]\nlibrary="NEW"'),
        ('[paths]\nlibrary = """\na\n"""\n', '[paths]\nlibrary = "NEW"\n'),
        ('paths.library = "a"\n', 'paths.library = "NEW"\n'),
        ('paths = { library = "a", x = 1 }\n', 'paths = { library = "NEW", x = 1 }\n'),
        ('[paths]\n"library" = [\n 1, # one\n]\nx = 2\n', '[paths]\n# one\n"library" = "NEW"\nx = 2\n'),
        ('[paths]\nlibrary = [ # a\n  "# no", # b\n] # c\n', '[paths]\n# a\n# b\nlibrary = "NEW" # c\n'),
        ("[paths]\r\n library = [ # a\r\n]\r\n", '[paths]\r\n# a\r\n library = "NEW"\r\n'),
        ("", '[paths]\nlibrary = "NEW"\n'),
        ("# words\n", '# words\n\n[paths]\nlibrary = "NEW"\n'),
        ("[crops]\nx = 1", '[crops]\nx = 1\n\n[paths]\nlibrary = "NEW"\n'),
        ("[paths]", '[paths]\nlibrary = "NEW"\n'),
        ("[paths] # here\n[crops]\n", '[paths] # here\nlibrary = "NEW"\n[crops]\n'),
        ("[paths]\nx = 1 # one\n\n[crops]\n", '[paths]\nx = 1 # one\nlibrary = "NEW"\n\n[crops]\n'),
        (
            "[paths]\nx = [\n 1,\n] # one\ny = { z = 1 }\n",
            '[paths]\nx = [\n 1,\n] # one\ny = { z = 1 }\nlibrary = "NEW"\n',
        ),
        ('[paths]\n#library = "d"\nx = 1\n', '[paths]\n#library = "d"\nlibrary = "NEW"\nx = 1\n'),
        ('[paths]\nx = 1\n  # library= "d"', '[paths]\nx = 1\n  # library= "d"\nlibrary = "NEW"\n'),
        ('[paths]\nx = """\n# library = 1\n"""\n', '[paths]\nx = """\n# library = 1\n"""\nlibrary = "NEW"\n'),
        ("[crops]\n# library = 1\n[paths]\n", '[crops]\n# library = 1\n[paths]\nlibrary = "NEW"\n'),
        ("paths.x = 1\n\n[crops]\n", 'paths.x = 1\npaths.library = "NEW"\n\n[crops]\n'),
        ("paths = {}\n", 'paths = { library = "NEW" }\n'),
        ("paths = { x = 1 } # one\n", 'paths = { library = "NEW", x = 1 } # one\n'),
        ("[paths]\r\nx = 1\r\n[crops]\r\n", '[paths]\r\nx = 1\r\nlibrary = "NEW"\r\n[crops]\r\n'),
        ("# words\r\n", '# words\r\n\r\n[paths]\r\nlibrary = "NEW"\r\n'),
    ],
)
def test_a_value_goes_where_a_person_would_put_it(before: str, after: str) -> None:
    assert with_value(before, "paths", "library", '"NEW"') == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('[paths]\nlibrary = "a"  # mine\nx = 1\n', "[paths]\nx = 1\n"),
        ('[paths]\n# why\nlibrary = "a"', "[paths]\n# why\n"),
        ('[paths]\r\nlibrary = """\r\na"""\r\nx = 1\r\n', "[paths]\r\nx = 1\r\n"),
        ('paths.library = "a"\nx = 1\n', "x = 1\n"),
        ('paths = { library = "a" }\n', 'paths = { library = "a" }\n'),
        ("[paths]\nx = 1\n", "[paths]\nx = 1\n"),
    ],
)
def test_a_value_is_taken_out_with_its_line(before: str, after: str) -> None:
    assert without_value(before, "paths", "library") == after


@patient
@given(documents())
def test_setting_a_value_changes_this_value_only(text: str) -> None:
    before = leaves(tomllib.loads(text))
    try:
        after = leaves(tomllib.loads(with_value(text, "paths", "library", '"NEW"')))
    except ValueError:  # `config.save` refuses these; they need `paths` to be something else than a section
        assert ("paths",) in before or any(path[:2] == ("paths", "library") for path in before) or "[[paths]]" in text
        return
    assert repr(after) == repr({**after, **before, ("paths", "library"): "NEW"})


@patient
@given(documents(), bare_keys)
def test_a_new_section_leaves_every_character_before_it(text: str, key: str) -> None:
    after = with_value(text, "section", key, "1")
    assert after.startswith(text)
    assert re.fullmatch(rf"(\r?\n)*\[section\]\r?\n{key} = 1\r?\n", after.removeprefix(text))


@patient
@given(documents())
def test_a_value_that_is_set_again_leaves_no_trace_of_the_first(text: str) -> None:
    once = with_value(text, "one", "two", "1")
    assert with_value(once, "one", "two", "2") == with_value(text, "one", "two", "2")
