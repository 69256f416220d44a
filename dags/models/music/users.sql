/*
description: >-
  Each user as they were last seen, one row a user.
owner: music-analytics
keys: [user_id]
columns:
  - {name: user_id, type: bigint, description: "Number of the user"}
  - {name: first_name, type: string, nullable: true, description: "First name"}
  - {name: last_name, type: string, nullable: true, description: "Last name"}
  - {name: gender, type: string, nullable: true, description: "F or M"}
  - {name: level, type: string, description: "Their latest level, free or paid"}
  - {name: last_seen_at, type: timestamp, description: "Time of their last event, in UTC"}
checks:
  unique: [{columns: [user_id]}]
  accepted_values: [{column: gender, values: [F, M], severity: warn}]
*/
SELECT user_id, first_name, last_name, gender, level, last_seen_at
FROM (
    SELECT *, row_number() OVER (PARTITION BY user_id ORDER BY day DESC) AS place
    FROM music_user_days
) AS days
WHERE place = 1
