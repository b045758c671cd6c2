// What oidc-provider keeps, in PostgreSQL: each thing a row that is committed before the answer.
import pg from 'pg';

let pool;

export async function open(url, create) {
  pool = new pg.Pool({ connectionString: url, max: 10 });
  if (create) {
    await pool.query(`CREATE TABLE oidc (
      model text, id text, payload jsonb NOT NULL, grant_id text, user_code text, uid text,
      expires_at timestamptz, consumed_at timestamptz, PRIMARY KEY (model, id))`);
    await pool.query('CREATE INDEX ON oidc (grant_id) WHERE grant_id IS NOT NULL');
    await pool.query('CREATE INDEX ON oidc (uid) WHERE uid IS NOT NULL');
    await pool.query('CREATE INDEX ON oidc (user_code) WHERE user_code IS NOT NULL');
  }
}

function ask(name, text, values) {
  return pool.query({ name, text, values });
}

function payload({ rows: [row] }) {
  if (!row || (row.expires_at && row.expires_at < new Date())) return undefined;
  const consumed = row.consumed_at ? { consumed: Math.floor(row.consumed_at / 1000) } : {};
  return { ...row.payload, ...consumed };
}

const FIND = 'SELECT payload, expires_at, consumed_at FROM oidc WHERE model = $1 AND ';

export class Adapter {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, content, expiresIn) {
    const end = expiresIn ? new Date(Date.now() + expiresIn * 1000) : null;
    await ask('upsert', `INSERT INTO oidc (model, id, payload, grant_id, user_code, uid, expires_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (model, id) DO UPDATE
      SET payload = $3, grant_id = $4, user_code = $5, uid = $6, expires_at = $7`, [
      this.model, id, content, content.grantId, content.userCode, content.uid, end]);
  }

  async find(id) {
    return payload(await ask('find', `${FIND}id = $2`, [this.model, id]));
  }

  async findByUid(uid) {
    return payload(await ask('uid', `${FIND}uid = $2`, [this.model, uid]));
  }

  async findByUserCode(code) {
    return payload(await ask('user_code', `${FIND}user_code = $2`, [this.model, code]));
  }

  async consume(id) {
    await ask('consume', 'UPDATE oidc SET consumed_at = now() WHERE model = $1 AND id = $2', [
      this.model, id]);
  }

  async destroy(id) {
    await ask('destroy', 'DELETE FROM oidc WHERE model = $1 AND id = $2', [this.model, id]);
  }

  async revokeByGrantId(grantId) {
    await ask('revoke', 'DELETE FROM oidc WHERE grant_id = $1', [grantId]);
  }
}
