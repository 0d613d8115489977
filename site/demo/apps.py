"""The demo app, installed by the demo and test settings only."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
