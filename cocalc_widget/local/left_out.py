"""Owns the list of what the stand-in leaves out of CoCalc's APIs; it answers there as to strangers.

An event, endpoint or method named here gets the answer that CoCalc gives to a
name it does not know. All that `Client` and `cocalc-api`'s ping, createProject,
copyPathBetweenProjects, exec and createToken use is there.
"""

# fmt: off

# events of API v1 (doc); those of `events.NOT_HTTP` CoCalc itself refuses by name
V1 = frozenset(
    {
        "add_license_to_project", "change_email_address", "change_password",
        "copy_public_path_between_projects", "create_support_ticket", "delete_account",
        "disconnect_from_project", "forgot_password", "get_available_upgrades",
        "get_syncdoc_history", "get_user_auth_token", "invite_noncloud_collaborators",
        "jupyter_execute", "jupyter_kernels", "log_client_error", "metrics",
        "public_get_directory_listing", "public_get_text_file", "remove_all_upgrades",
        "remove_license_from_project", "reset_forgot_password", "revoke_auth_token",
        "send_verification_email", "webapp_error",
    }
)

# endpoints of API v2
V2 = frozenset(
    {
        "api-key", "auth/redeem-password-reset", "jupyter/execute", "jupyter/kernels",
        "messages/send", "projects/collaborators", "projects/get-one-public",
        "purchases/get-balance", "support/create-ticket",
    }
)

# methods of the conat bridge to the hub
HUB = frozenset(
    {
        "compute.*", "fileSync.*", "jupyter.execute", "jupyter.kernels", "messages.get",
        "messages.send", "org.addAdmin", "org.createUser", "org.get", "org.getAll", "org.getUsers",
        "org.message", "org.removeAdmin", "org.removeUser", "org.set", "projects.status",
        "purchases.*", "sync.history",
    }
)

# methods of the conat bridge to a project
PROJECT = frozenset(
    {
        "editor.*", "sync.*", "system.configuration", "system.jupyterExecute",
        "system.listJupyterKernels", "system.moveFiles", "system.renameFile", "system.signal",
        "system.stopJupyterKernel",
    }
)
