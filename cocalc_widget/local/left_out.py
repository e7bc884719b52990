"""Owns the list of what CoCalc's APIs have and the stand-in leaves out.

Complete, by CoCalc's own lists of both generations (its source of 2024-07 and of 2026-07). What
stands here is answered as CoCalc answers a name that it does not know.
"""

from __future__ import annotations

# events of API v1 (generation A)
V1 = frozenset({
    "add_license_to_project", "change_email_address", "chatgpt",
    "copy_public_path_between_projects", "create_support_ticket", "delete_account",
    "disconnect_from_project", "get_available_upgrades", "get_support_tickets",
    "get_syncdoc_history", "jupyter_execute", "jupyter_kernels", "jupyter_start_pool",
    "log_client_error", "purchase_license", "remove_license_from_project",
    "revoke_auth_token", "stripe_cancel_subscription", "stripe_create_source",
    "stripe_create_subscription", "stripe_customer", "stripe_delete_source",
    "stripe_get_charges", "stripe_get_coupon", "stripe_get_customer", "stripe_get_invoices",
    "stripe_get_subscriptions", "stripe_plans", "stripe_set_default_source",
    "stripe_update_source", "stripe_update_subscription", "unlink_passport",
})  # fmt: skip

# endpoints of API v2 that both generations have
_V2 = frozenset({
    "accounts/ban", "accounts/delete", "accounts/profile", "accounts/remove-ban",
    "accounts/send-verification-email", "accounts/set-email-address", "accounts/set-password",
    "auth/has-password", "auth/password-reset", "auth/redeem-password-reset",
    "auth/redeem-verify-email", "auth/requires-token", "auth/sso-strategies",
    "auth/unlink-strategy", "billing/cancel-subscription", "billing/create-payment-method",
    "billing/delete-payment-method", "billing/get-customer", "billing/get-invoice",
    "billing/get-invoice-url", "billing/get-invoices-and-receipts",
    "billing/get-subscriptions", "compute/check-in", "compute/cloud-filesystem/create",
    "compute/cloud-filesystem/delete", "compute/cloud-filesystem/edit",
    "compute/cloud-filesystem/get", "compute/cloud-filesystem/get-metrics",
    "compute/compute-server-action", "compute/control", "compute/create-server",
    "compute/delete-api-key", "compute/delete-server", "compute/get-api-key",
    "compute/get-detailed-state", "compute/get-hyperstack-pricing-data", "compute/get-images",
    "compute/get-images-google", "compute/get-log", "compute/get-network-usage",
    "compute/get-serial-port-output", "compute/get-server-state", "compute/get-server-title",
    "compute/get-servers", "compute/get-template", "compute/get-templates",
    "compute/google-cloud/get-pricing-data", "compute/scripts", "compute/set-detailed-state",
    "compute/set-image-tested", "compute/set-server-cloud", "compute/set-server-color",
    "compute/set-server-configuration", "compute/set-server-title", "compute/set-template",
    "compute/undelete-server", "file-access", "guesslang",
    "internal/compute/cloud-filesystem/set-metrics", "licenses/check-disk-name",
    "licenses/get-license", "licenses/get-managed", "licenses/get-projects",
    "licenses/get-projects-with-license", "llm/evaluate", "news/edit", "news/list",
    "openai/chatgpt", "projects/copy-url", "projects/course/set-course-info",
    "projects/public-path-license", "public-paths/listing-cached", "public-paths/save",
    "public-paths/star", "public-paths/unstar", "purchases/cancel-automatic-billing",
    "purchases/cancel-current-checkout-session", "purchases/cancel-subscription",
    "purchases/cost-to-resume-subscription", "purchases/create-refund",
    "purchases/edit-license", "purchases/edit-license-owner", "purchases/email-statement",
    "purchases/get-balance", "purchases/get-balance-admin",
    "purchases/get-charges-by-service", "purchases/get-closing-dates",
    "purchases/get-cost-per-day", "purchases/get-current-checkout-session",
    "purchases/get-live-subscriptions", "purchases/get-max-project-quotas",
    "purchases/get-min-balance", "purchases/get-prices-project-quotas",
    "purchases/get-purchases", "purchases/get-purchases-admin", "purchases/get-quotas",
    "purchases/get-service-cost", "purchases/get-shopping-cart-checkout-params",
    "purchases/get-spend-rate", "purchases/get-statements", "purchases/get-subscriptions",
    "purchases/get-unpaid-invoices", "purchases/is-purchase-allowed",
    "purchases/renew-subscription", "purchases/reset-closing-date",
    "purchases/resume-subscription", "purchases/set-project-quota", "purchases/set-quota",
    "purchases/setup-automatic-billing", "purchases/shopping-cart-checkout",
    "purchases/student-pay", "purchases/student-pay-link", "purchases/sync-subscription",
    "salesloft/money", "shopping/cart/add", "shopping/cart/checked", "shopping/cart/delete",
    "shopping/cart/edit", "shopping/cart/get", "shopping/cart/recent-purchases",
    "shopping/cart/remove", "support/create-ticket", "support/tickets", "token-action",
    "vouchers/charge-for-unpaid-vouchers", "vouchers/get-voucher-codes",
    "vouchers/recent-vouchers", "vouchers/redeem", "vouchers/set-voucher-code-notes",
})  # fmt: skip

# endpoints of API v2 by generation
V2 = {
    "A": _V2 | {
        "api-key", "billing/get-payment-methods", "billing/set-default-source",
        "openai/embeddings/remove", "openai/embeddings/save", "openai/embeddings/search",
        "purchases/create-credit", "purchases/credit-to-cancel-subscription",
        "purchases/get-pending-balance", "purchases/get-vouchers-checkout-params",
        "purchases/sync-paid-invoices", "purchases/vouchers-checkout", "shopping/cart/checkout",
        "vouchers/create-vouchers",
    },
    "B": _V2 | {
        "auth/ephemeral", "auth/password-strength", "bookmarks/add", "bookmarks/get",
        "bookmarks/remove", "bookmarks/set", "compute/get-servers-by-id",
        "compute/is-dns-available", "compute/set-server-owner", "projects/filename-search",
        "projects/set-admin-quotas", "purchases/get-stripe-publishable-key",
        "purchases/stripe/cancel-payment-intent", "purchases/stripe/create-payment-intent",
        "purchases/stripe/create-setup-intent", "purchases/stripe/create-subscription-payment",
        "purchases/stripe/delete-payment-method", "purchases/stripe/get-checkout-session",
        "purchases/stripe/get-customer", "purchases/stripe/get-customer-session",
        "purchases/stripe/get-open-payments", "purchases/stripe/get-payment-method",
        "purchases/stripe/get-payment-methods", "purchases/stripe/get-payments",
        "purchases/stripe/process-payment-intents", "purchases/stripe/set-customer",
        "purchases/stripe/set-default-payment-method", "purchases/student-pay-transfer",
        "shopping/cart/processing",
    },
}  # fmt: skip

# methods of the conat bridge (generation B): the hub's
HUB = frozenset({
    "db.fileUseTimes", "db.getLegacyTimeTravelInfo", "db.getLegacyTimeTravelPatches",
    "db.removeBlobTtls", "db.touch", "projects.setQuotas", "purchases.getBalance",
    "purchases.getMinBalance", "system.adminResetPasswordLink", "system.adminSalesloftSync",
    "system.deletePassport", "system.getCustomize", "system.logClientError",
    "system.sendEmailVerification", "system.terminate", "system.userSalesloftSync",
    "system.userTracking", "system.webappError",
})  # fmt: skip

# and a project's
PROJECT = frozenset({
    "editor.createTerminalService", "editor.formatterString", "editor.jupyterKernelLogo",
    "editor.jupyterKernels", "editor.jupyterNbconvert", "editor.jupyterRunNotebook",
    "editor.jupyterStripNotebook", "editor.newFile", "editor.printSageWS", "sync.close",
    "system.canonicalPaths", "system.configuration", "system.terminate", "system.version",
})  # fmt: skip
