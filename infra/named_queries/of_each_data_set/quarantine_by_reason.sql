/*
Why records of <table> are in quarantine, most frequent reason first, with one of the records.
*/
SELECT
    reason,
    column_name,
    count(*) AS records,
    count(DISTINCT source_key) AS files,
    max(source_key) AS last_file,
    max_by(line_number, source_key) AS line_number,
    max_by(raw, source_key) AS raw
FROM "<table>_quarantine"
GROUP BY reason, column_name
ORDER BY records DESC, reason
