"""What a request may name; Stripe refuses every other parameter (parameter_unknown)."""

# stripe-python 16.1's SessionCreateParams, and `payment_method_types`, which came before it.
_SESSION_PARAMS = """
    adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types
    automatic_tax billing_address_collection branding_settings cancel_url client_reference_id
    consent_collection currency custom_fields custom_text customer customer_account
    customer_creation customer_email customer_update discounts excluded_payment_method_types
    expand expires_at integration_identifier invoice_creation line_items locale
    managed_payments metadata mode name_collection optional_items origin_context
    payment_intent_data payment_method_collection payment_method_configuration
    payment_method_data payment_method_options payment_method_types permissions
    phone_number_collection redirect_on_completion return_url saved_payment_method_options
    setup_intent_data shipping_address_collection shipping_options submit_type
    subscription_data success_url tax_id_collection ui_mode wallet_options
"""
_LINK_PARAMS = """
    after_completion allow_promotion_codes automatic_tax billing_address_collection
    consent_collection currency custom_fields custom_text customer_creation expand
    inactive_message invoice_creation line_items metadata name_collection optional_items
    payment_intent_data payment_method_collection payment_method_options payment_method_types
    phone_number_collection restrictions shipping_address_collection shipping_options
    submit_type subscription_data tax_id_collection transfer_data
"""
# Of the longer ones, only what this stand-in reads or may leave unread.
_INTENT_PARAMS = """
    amount automatic_payment_methods capture_method confirm confirmation_method currency customer
    description expand metadata off_session payment_method payment_method_options
    payment_method_types receipt_email return_url setup_future_usage shipping
    statement_descriptor statement_descriptor_suffix transfer_group
"""

CANCEL_PARAMS = frozenset({"cancellation_reason", "expand"})
CAPTURE_PARAMS = frozenset({"amount_to_capture", "expand", "final_capture", "metadata"})
CONFIRM_PARAMS = frozenset({"expand", "off_session", "payment_method", "return_url"})
COUPON_PARAMS = frozenset({"amount_off", "currency", "duration", "expand", "name", "percent_off"})
INTENT_PARAMS = frozenset(_INTENT_PARAMS.split())
INVOICE_PAY_PARAMS = frozenset({"expand", "off_session", "paid_out_of_band", "payment_method"})
REFUND_PARAMS = frozenset({"amount", "charge", "expand", "metadata", "payment_intent", "reason"})
SESSION_PARAMS = frozenset(_SESSION_PARAMS.split())
LINK_PARAMS = frozenset(_LINK_PARAMS.split())
