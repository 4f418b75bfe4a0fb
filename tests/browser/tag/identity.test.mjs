import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

import { hashed } from '../../../functions/collect/tag/identity.js';

// tests/unit/test_customer_vectors.py holds collect to the same file.
const VECTORS = JSON.parse(readFileSync(new URL('../../fixtures/identity_vectors.json', import.meta.url)));

for (const { said, hashed: expected } of VECTORS.both) {
  test(`the page hashes ${JSON.stringify(said)} as collect does`, async () => {
    assert.deepEqual(await hashed(said), expected);
  });
}

for (const said of VECTORS.only_collect) {
  test(`of ${JSON.stringify(said)} a page cannot be sure`, async () => {
    const { country, ...rest } = await hashed(said);

    assert.deepEqual(rest, {});
  });
}

test('people\'s words are Meta\'s keys', async () => {
  const said = { email: 'a@b.co', phone: '+16505551212', first_name: 'Ada', last_name: 'Synth', city: 'Bonn', zip: '53111' };
  const keys = { em: said.email, ph: said.phone, fn: 'Ada', ln: 'Synth', ct: 'Bonn', zp: '53111' };

  assert.deepEqual(await hashed(said), await hashed(keys));
});
