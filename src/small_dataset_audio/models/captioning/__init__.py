"""Tracks described in words: what is asked, what answers, and what becomes of the answers.

How it hangs together: `prompts` holds the questions; `server` starts a llama-server and looks after it, through `keeper`,
which ends it with us; `chat` talks to it, or to a server of the user's; `native` runs the model inside this process;
`wording` makes an answer fit for a text encoder; `evidence` compares it with what was measured. `captioner` opens the one
that the settings name.
"""

from small_dataset_audio.models.captioning.captioner import Captioner, Captions, Facts, open_captioner

__all__ = ["Captioner", "Captions", "Facts", "open_captioner"]
