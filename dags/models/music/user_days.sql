/*
description: >-
  The state of each user on each day that they were seen, one row a user and day: the last event of
  the day, of any page.
owner: music-analytics
keys: [user_id, day]
by_day: day
columns:
  - {name: user_id, type: bigint, description: "Number of the user"}
  - {name: day, type: date, description: "Day in UTC"}
  - {name: first_name, type: string, nullable: true, description: "First name"}
  - {name: last_name, type: string, nullable: true, description: "Last name"}
  - {name: gender, type: string, nullable: true, description: "F or M"}
  - {name: level, type: string, description: "free or paid, at the end of the day"}
  - {name: last_seen_at, type: timestamp, description: "Time of the last event of the day, in UTC"}
checks:
  accepted_values: [{column: level, values: [free, paid]}]
*/
SELECT user_id, day, first_name, last_name, gender, level, occurred_at AS last_seen_at
FROM (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY user_id, day
            ORDER BY
                occurred_at DESC,
                session_id DESC,
                item_in_session DESC,
                level DESC,
                first_name ASC NULLS LAST,
                last_name ASC NULLS LAST,
                gender ASC NULLS LAST
        ) AS place
    FROM music_event_logs
    WHERE user_id IS NOT NULL AND day IN (:days)
) AS events
WHERE place = 1
