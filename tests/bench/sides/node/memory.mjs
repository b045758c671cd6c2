// What oidc-provider keeps, in the memory of its one process, as its own adapter does but for two
// things: nothing is thrown away before it has expired (its own keeps a thousand things, and under
// load forgets the grants and sessions that codes belong to), and what belongs to a grant is a set
// (its own goes through all of it whenever something is added).
const things = new Map();
const ofGrant = new Map();
const MODELS_OF_A_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);

function alive(key) {
  const found = things.get(key);
  if (found && found.end < Date.now()) {
    things.delete(key);
    return undefined;
  }
  return found?.payload;
}

export class Memory {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    const key = `${this.model}:${id}`;
    const end = expiresIn ? Date.now() + expiresIn * 1000 : Infinity;
    things.set(key, { payload, end });
    if (payload.uid) things.set(`uid:${payload.uid}`, { payload: id, end });
    if (payload.userCode) things.set(`userCode:${payload.userCode}`, { payload: id, end });
    if (payload.grantId && MODELS_OF_A_GRANT.has(this.model)) {
      if (!ofGrant.has(payload.grantId)) ofGrant.set(payload.grantId, new Set());
      ofGrant.get(payload.grantId).add(key);
    }
  }

  async find(id) {
    return alive(`${this.model}:${id}`);
  }

  async findByUid(uid) {
    return this.find(alive(`uid:${uid}`));
  }

  async findByUserCode(code) {
    return this.find(alive(`userCode:${code}`));
  }

  async consume(id) {
    const payload = alive(`${this.model}:${id}`);
    if (payload) payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    const key = `${this.model}:${id}`;
    const payload = alive(key);
    things.delete(key);
    if (payload?.grantId) ofGrant.get(payload.grantId)?.delete(key);
  }

  async revokeByGrantId(grantId) {
    for (const key of ofGrant.get(grantId) ?? []) things.delete(key);
    ofGrant.delete(grantId);
  }
}
