"""Addresses in the admin of reminders and of messages to registered people."""

from django.urls import path

from events.admin import changed_rules, dry_runs, reminders, rule_dry_runs

urlpatterns = [
    path("reminders/<uuid:key>/", reminders.RemindersView.as_view(), name="events_reminders"),
    path("reminders/<uuid:key>/new/", reminders.RuleAddView.as_view(), name="events_reminder_add"),
    path("reminders/rule/<int:pk>/", changed_rules.RuleEditView.as_view(), name="events_reminder_edit"),
    path(
        "reminders/rule/<int:pk>/changed/<slug:digest>/",
        changed_rules.ChangedRuleView.as_view(),
        name="events_reminder_changed",
    ),
    path(
        "reminders/rule/<int:pk>/changed/<slug:digest>/sample/<slug:language>/",
        changed_rules.ChangedRuleSampleView.as_view(),
        name="events_reminder_changed_sample",
    ),
    path("reminders/rule/<int:pk>/arm/", rule_dry_runs.ArmView.as_view(), name="events_reminder_arm"),
    path("reminders/rule/<int:pk>/now/", rule_dry_runs.SendNowView.as_view(), name="events_reminder_now"),
    path("reminders/rule/<int:pk>/hold/", reminders.DisarmView.as_view(), name="events_reminder_disarm"),
    path("reminders/rule/<int:pk>/delete/", reminders.DeleteView.as_view(), name="events_reminder_delete"),
    path(
        "reminders/rule/<int:pk>/sample/<slug:language>/",
        rule_dry_runs.RuleSampleView.as_view(),
        name="events_reminder_sample",
    ),
    path("registered/<int:pk>/messages/", dry_runs.MessagesView.as_view(), name="events_messages"),
    path("registered/<int:pk>/write/", dry_runs.WriteView.as_view(), name="events_message_write"),
    path("registered/message/<int:pk>/", dry_runs.MessageDryRun.as_view(), name="events_message"),
    path("registered/message/<int:pk>/again/", dry_runs.WriteAgainView.as_view(), name="events_message_again"),
    path("registered/message/<int:pk>/sent/", dry_runs.SentView.as_view(), name="events_message_sent"),
    path(
        "registered/message/<int:pk>/sample/<slug:language>/",
        dry_runs.MessageSampleView.as_view(),
        name="events_message_sample",
    ),
]
