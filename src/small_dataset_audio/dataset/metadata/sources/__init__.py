"""The services that know of recordings, each a small client that speaks through `web.Web`, and only when it was named."""
