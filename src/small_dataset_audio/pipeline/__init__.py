"""Stages, plan, resume, engines, run log and progress."""
