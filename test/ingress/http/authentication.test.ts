import { describe, expect, it } from 'vitest';
import { createAuthenticator } from '../../../ingress/http/routes/authentication.js';

const authenticate = createAuthenticator(['first-token', 'second-token']);

describe('the authenticator', () => {
  it.each(['first-token', 'second-token', 'Bearer first-token', 'bEaReR second-token', 'Bearer   first-token'])(
    'accepts %j',
    (header) => {
      expect(authenticate(header)).toBe(true);
    },
  );

  it.each([
    '',
    'Bearer',
    'Bearer ',
    'first-toke',
    'first-token ',
    'Basic first-token',
    'Bearerfirst-token',
    'first-token,second-token',
    'FIRST-TOKEN',
  ])('rejects %j', (header) => {
    expect(authenticate(header)).toBe(false);
  });
});
