/*
How many rows each step of the models' last runs read and wrote, from the audit table: the last seven days.
*/
SELECT
    dag_id,
    run_id,
    step,
    relation,
    role,
    count(day) AS days,
    sum(row_count) AS row_count,
    max(recorded_at) AS recorded_at
FROM model_audit
WHERE recorded_at > CAST(current_timestamp AT TIME ZONE 'UTC' AS timestamp) - INTERVAL '7' DAY
GROUP BY dag_id, run_id, step, relation, role
ORDER BY recorded_at DESC, step, role, relation
