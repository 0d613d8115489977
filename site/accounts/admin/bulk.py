"""What staff may do to several people at once."""

from wagtail.users.views.bulk_actions import AssignRoleBulkAction, DeleteBulkAction, SetActiveStateBulkAction

from accounts import rules


class AssignRole(AssignRoleBulkAction):
    def check_perm(self, obj) -> bool:
        """Only an administrator may give rights."""
        return super().check_perm(obj) and rules.can_give_rights(self.request.user)


class SetActiveState(SetActiveStateBulkAction):
    def check_perm(self, obj) -> bool:
        """Only an administrator may touch an administrator."""
        return super().check_perm(obj) and rules.can_manage(self.request.user, obj)


class Delete(DeleteBulkAction):
    def check_perm(self, obj) -> bool:
        """Nobody: people are erased with all that is about them, or not at all."""
        return False
