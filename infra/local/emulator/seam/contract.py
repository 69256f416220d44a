"""What this package expects of ministack; `deviations` names what another version changed.

`python -m infra.local.emulator.seam.contract` prints it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version

from infra.local.emulator.start import CannotStart

VERSION = "1.5.33"
"""The version of ministack that everything here was written for."""

_DEPLOY = (
    "(stack_name, stack_id, template, param_values, disable_rollback, tags, is_update,"
    " previous_stack, retain_except_on_create, imports)"
)
_REQUEST = "method, path, headers, body, query_params"

CONTRACT: Mapping[str, Mapping[str, str]] = {
    "app": {
        "SERVICE_HANDLERS": "dict",
        "SERVICE_REGISTRY": "dict",
        "_build_persistence_save_dict": "()",
        "_get_module": "(name)",
        "_load_persisted_state": "()",
        "_loaded_modules": "dict",
        "_state_map": "dict",
        "app": "(scope, receive, send)",
        "call_service_handler_sync": f"(handler, {_REQUEST}, timeout)",
        "pin_request_origin": "(source_ip, secure_transport)",
        "save_all": "(services)",
    },
    "core.iam_actions": {
        "SERVICE_TO_IAM_NAMESPACE": "dict",
        "_BOTOCORE_SERVICE_MAP": "dict",
        "_s3_batch_delete_targets": "(bucket, body)",
        "access_denied_response": "(service, action, principal_arn, request_id, error_code,"
        " message, headers, resource_arn, explicit_deny, resource_policy_arn)",
        "extract_iam_action": f"(service, {_REQUEST})",
        "extract_resource_arn": f"(service, {_REQUEST}, region, account_id)",
        "identity_denial_message": "(action, principal_arn, resource, explicit_deny)",
    },
    "core.iam_evaluator": {
        "EvalContext": "type",
        "_conditions_met": "(conditions, ctx)",
        "_gather_role_policies": "(role_name, account_id)",
        "_permissions_boundary": "(store, name, account_id)",
        "_principal_matches": "(principal, caller_arn)",
        "caller_arn": "()",
        "evaluate": "(ctx, policies, limits)",
        "enforce": "(access_key_id, iam_action, service, region, resource_arn, service_context)",
        "_resolve_condition_key": "(key, ctx)",
        "_role_name_from_assumed_arn": "(assumed_arn)",
        "is_root_access_key": "(access_key_id)",
        "resolve_caller_identity": "(access_key_id)",
        "resolve_credential": "(access_key_id, account_id, session_token)",
    },
    "core.persistence": {"_json_default": "(obj)", "_json_object_hook": "(obj)"},
    "core.responses": {
        "StreamingResponse": "type",
        "get_account_id": "()",
        "get_region": "()",
        "now_iso": "()",
        "request_scope": "(account_id, region)",
    },
    "core.router": {
        "SERVICE_PATTERNS": "dict",
        "extract_access_key_id": "(headers, query_params)",
    },
    "services.cloudformation": {"_stacks": "AccountRegionScopedDict"},
    "services.cloudformation.changesets": {
        "_deploy_stack_async": _DEPLOY,
        "_find_change_set": "(cs_name, stack_name)",
        "_p": "(params, key, default)",
    },
    "services.cloudformation.engine": {"_evaluate_conditions": "(template, params)"},
    "services.cloudformation.handlers": {
        "_ACTION_HANDLERS": "dict",
        "_deploy_stack_async": _DEPLOY,
        "_p": "(params, key, default)",
        "_resolve_stack": "(stack_name)",
    },
    "services.cloudformation.provisioners": {
        "_RESOURCE_HANDLERS": "dict",
        "_STACK_TAG_PROPERTY": "dict",
        "_custom_resource_create": "(logical_id, props, stack_name, resource_type)",
        "_custom_resource_delete": "(physical_id, props, stack_name, logical_id, resource_type)",
        "_custom_resource_update": "(physical_id, old_props, new_props, stack_name, logical_id,"
        " resource_type)",
    },
    "services.cloudformation.stacks": {
        "_add_event": "(stack_id, stack_name, logical_id, resource_type, status, reason,"
        " physical_id, detailed_status)",
        "_delete_resource": "(resource_type, physical_id, props, stack_name, logical_id)",
        "_delete_stack_async": "(stack_name, stack_id, retain_resources, force)",
        "_deploy_stack_async": _DEPLOY,
        "_failed_operation": "(is_update, previous_stack, created, failed_update,"
        " failed_logical_id, replaced_ids, cancelled, template, param_values,"
        " retain_except_on_create, stack_tags, previous_tags, imports)",
        "_provision_resource": "(resource_type, logical_id, props, stack_name)",
        "_roll_back_operation": "(stack_name, stack_id, stack, operation, reason_override)",
        "_runs_on_worker_thread": "(resource_type)",
        "_update_resource": "(resource_type, physical_id, old_props, new_props, stack_name,"
        " logical_id, old_attrs)",
    },
    "services.ec2": {"_vpce_fields_xml": "(ep, tag)"},
    "services.cloudwatch": {
        "_calc_stats": "(points)",
        "_dims_from_list": "(dimensions)",
        "_dims_key": "(dims)",
        "_dispatch_alarm_actions": "(alarm, old_state, new_state, reason)",
        "_evaluate_alarm": "(alarm)",
        "_evaluate_parent_alarms": "(child, seen)",
        "_metrics": "AccountRegionScopedDict",
        "_record_history": "(alarm_name, old_state, new_state, reason, alarm_type, reason_data)",
        "_stat_value": "(stats, stat_name, points)",
    },
    "services.glue": {
        "_ALL_STATE": "dict",
        "_databases": "AccountRegionScopedDict",
        "_partitions": "AccountRegionScopedDict",
        "_tables": "AccountRegionScopedDict",
    },
    "services.iam": {"_roles": "AccountScopedDict"},
    "services.lambda_svc": {"_layers": "AccountRegionScopedDict"},
    "services.s3": {
        "DATA_DIR": "str",
        "S3_NS": "str",
        "_VERSIONS_DIR": "str",
        "_abort_multipart_upload": "(bucket_name, key, query_params)",
        "_atomic_write": "(fpath, data, text)",
        "_bucket_notifications": "AccountScopedDict",
        "_buckets": "AccountScopedDict",
        "_check_put_preconditions": "(headers, existing_obj)",
        "_check_sse_c_part": "(headers, upload)",
        "_complete_multipart_upload": "(bucket_name, key, body, query_params, headers)",
        "_completed_multipart_uploads": "AccountScopedDict",
        "_composite_checksum": "(algorithm, part_checksums)",
        "_delete_persisted_bucket": "(name)",
        "_ensure_bucket": "(name)",
        "_error": "(code, message, status, resource, extra, headers)",
        "_fire_s3_event": "(bucket_name, key, event_name, size, etag, deletion_type,"
        " restore_event_data, version_id, sequencer, object_extra, record_extra)",
        "_fire_s3_event_async": "(bucket_name, key, event_name, size, etag, deletion_type,"
        " version_id, object_extra, record_extra)",
        "_multipart_uploads": "AccountScopedDict",
        "_next_event_sequencer": "(event_name)",
        "_object_disk_path": "(bucket, key, account_id)",
        "_object_versions": "AccountScopedDict",
        "_persist_object": "(bucket, key, obj)",
        "_read_body": "(bucket_name, key, obj)",
        "_record_object_version": "(bucket_name, key, prior_obj, obj, data)",
        "_remove_key_files": "(fpath)",
        "_stored_sse_headers": "(obj)",
        "_upload_part": "(bucket_name, key, body, query_params, headers)",
        "_upload_part_copy": "(bucket_name, dest_key, query_params, headers)",
        "_version_body": "(bucket, bucket_name, key, v)",
        "_version_disk_path": "(bucket, key, version_id, account_id)",
        "_xml_body": "(root)",
        "handle_request": f"({_REQUEST}, signed_path, enforce_bucket_region, internal,"
        " access_point_region, access_point)",
    },
    "services.sts": {
        "_caller_identity": "(headers, query_params)",
        "_sessions": "dict",
        "register_session": "(access_key, session)",
    },
}
"""By module and name: a function's parameters, or a value's type."""


class AnotherMinistack(CannotStart):
    """Another version of ministack is installed; the text names what it changed."""


def check() -> None:
    """Refuse another version of ministack.

    Raises:
        AnotherMinistack: the installed version is not the expected one.
    """
    installed = version("ministack")
    if installed != VERSION:
        changes = "; ".join(deviations()) or "no name of the contract changed"
        raise AnotherMinistack(f"ministack is {installed}; {VERSION} was expected: {changes}")


def deviations() -> list[str]:
    """The names of the contract that are missing or changed; called before anything is patched."""
    found = []
    for module_name, names in CONTRACT.items():
        try:
            module = import_module(f"ministack.{module_name}")
        except ImportError as error:
            found.append(f"ministack.{module_name} cannot be imported: {error}")
            continue
        for name, expected in names.items():
            actual = _shape(getattr(module, name)) if hasattr(module, name) else "missing"
            if actual != expected:
                found.append(f"ministack.{module_name}.{name} is {actual}; {expected} was expected")
    return found


def _shape(value: object) -> str:
    if inspect.isroutine(value) or inspect.isfunction(value):
        return f"({', '.join(inspect.signature(value).parameters)})"
    return type(value).__name__


if __name__ == "__main__":
    problems = deviations()
    print("\n".join(problems) or f"ministack {version('ministack')} is as expected")
    sys.exit(1 if problems else 0)
