import { describe, expect, it } from 'vitest';
import { createAuthenticator, liveAuthenticator } from '../../../ingress/http/routes/authentication.js';

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

describe('tokens that change', () => {
  it('are valid, or no longer valid, from the next request on', () => {
    let tokens: readonly string[] = ['old'];
    const authenticate = liveAuthenticator(() => tokens);
    const accepted = () => ['old', 'a-much-longer-new-one'].filter((token) => authenticate(`Bearer ${token}`));
    expect(accepted()).toEqual(['old']);
    tokens = ['old', 'a-much-longer-new-one'];
    expect(accepted()).toEqual(['old', 'a-much-longer-new-one']);
    tokens = ['a-much-longer-new-one'];
    expect(accepted()).toEqual(['a-much-longer-new-one']);
  });
});
