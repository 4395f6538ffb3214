"""Sweeps that W&B hosts: registered there, worked on by agents, each result first in the local store."""
