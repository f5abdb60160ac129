"""What Stable Audio Tools asks about every recording of an export: its prompt and its numbers.

sda puts this file into the export. The trainer loads it by its path (`custom_metadata_module` in its dataset config); it needs
nothing but Python, and reads the JSON file that lies beside each recording under the same name.
"""


def get_custom_metadata(info, audio):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, ARG001 - the trainer's interface
    """Return id -> value for every id that the model is conditioned on, but seconds_start and seconds_total.

    The trainer gives these two itself. It calls this in many processes, where only the function arrives: so it imports what
    it needs itself.
    """
    import json  # noqa: PLC0415
    import os  # noqa: PLC0415

    with open(os.path.splitext(info["path"])[0] + ".json", encoding="utf-8") as file:  # noqa: PTH122, PTH123
        known = json.load(file)
    return {"prompt": known["prompt"], **known["conditioning"]}
