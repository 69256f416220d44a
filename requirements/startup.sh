#!/bin/sh
# MWAA runs this on every component, before the requirements are installed and at each start.
# It only exports, so that running it again changes nothing.

# Every AWS client of a task retries throttled and failed calls, with the standard back-off.
export AWS_RETRY_MODE=standard
export AWS_MAX_ATTEMPTS=10
