// An authorization server of oidc-provider: memory in one process, or PostgreSQL under as
// many processes as the others have. PORT, WORKERS, DATABASE_URL, SECRET and KEYS (a JWK set).
import cluster from 'node:cluster';

import { Provider } from 'oidc-provider';

import { Adapter, open } from './adapter.mjs';
import { Memory } from './memory.mjs';

const { PORT, WORKERS, DATABASE_URL, SECRET, KEYS } = process.env;
const issuer = `http://localhost:${PORT}`;

async function serve() {
  const provider = new Provider(issuer, {
    adapter: DATABASE_URL ? Adapter : Memory,
    jwks: JSON.parse(KEYS),
    cookies: { keys: [SECRET] },
    scopes: ['openid', 'offline_access', 'api:read'],
    clients: [
      {
        client_id: 'service',
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'web',
        client_secret: SECRET,
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: ['https://client.example/callback'],
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      introspection: { enabled: true },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true, // as ours does it
    ttl: { Session: 86400, Grant: 86400, Interaction: 3600, IdToken: 3600, RefreshToken: 86400 },
  });
  provider.listen(Number(PORT));
}

if (!DATABASE_URL) {
  await serve();
} else if (cluster.isPrimary) {
  await open(DATABASE_URL, true);
  for (let worker = 0; worker < Number(WORKERS); worker += 1) cluster.fork();
} else {
  await open(DATABASE_URL, false);
  await serve();
}
