"""The reference of the batch benchmark: a tuned Arrow loop, as one would write it for one run.

`python batch_loop.py MODEL.joblib IN.parquet OUT.parquet PART PARTS`, or with two URLs of
PostgreSQL's in place of the files. Prints when it began, with everything imported and loaded, and
when it ended. It keeps no ids, no rejects and no progress.
"""

from __future__ import annotations

import sys
import time

import joblib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from adbc_driver_postgresql import dbapi

CHUNK = 131_072
SCHEMA = pa.schema([("prediction", pa.float64())])


def files(model, source, target, part, parts):
    """Column-major arrays in, no dictionaries out."""
    file = pq.ParquetFile(source)
    groups = list(range(file.num_row_groups))[part::parts]
    with pq.ParquetWriter(target, SCHEMA, use_dictionary=False) as writer:
        for batch in file.iter_batches(CHUNK, row_groups=groups):
            rows = np.array([column.to_numpy() for column in batch.columns]).T
            writer.write_batch(pa.record_batch([model.predict(rows)], schema=SCHEMA))


def database(model, url):
    """Read by binary COPY, write by binary COPY, one transaction in all."""
    with dbapi.connect(url) as reading, dbapi.connect(url) as writing:
        cursor, sink = reading.cursor(), writing.cursor()
        cursor.execute("SELECT * FROM rows_in ORDER BY id")
        for batch in cursor.fetch_record_batch():
            columns = [column.to_numpy() for column in batch.columns]
            found = pa.table(
                {"id": columns[0], "prediction": model.predict(np.array(columns[1:]).T)}
            )
            sink.adbc_ingest("loop_scores", found, mode="create_append")
        writing.commit()
        cursor.close()
        sink.close()


if __name__ == "__main__":
    loaded = joblib.load(sys.argv[1])
    loaded.predict(np.zeros((8, 10)))
    began = time.time()
    if len(sys.argv) == 3:
        database(loaded, sys.argv[2])
    else:
        files(loaded, sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    print(began, time.time())
