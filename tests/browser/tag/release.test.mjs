import assert from 'node:assert/strict';
import test from 'node:test';

import { GRANTED, RELEASE, answering, makeStorage, openPage, settle, unreachable } from './page.mjs';

const THANKS = 'https://shop.example/thanks?session_id=cs_test_a1';

const bought = async (options) => {
  const opened = openPage({ href: THANKS, ...options });
  opened.settled('consent', GRANTED);
  await settle();
  return opened;
};
const purchases = ({ pixel }) => pixel.filter(([, name]) => name === 'Purchase');
const released = { release: [answering(200, RELEASE)] };

test('the Pixel fires Purchase under the ledger\'s id, with its value', async () => {
  const opened = await bought({ collect: released });

  assert.deepEqual(opened.bodies('release'), [{ checkout_session_id: 'cs_test_a1' }]);
  assert.deepEqual(purchases(opened), [
    ['track', 'Purchase', { value: 49, currency: 'EUR' }, { eventID: 'pi_1' }],
  ]);
});

test('contents are named as products', async () => {
  const contents = [{ id: 'mug', quantity: 2 }];
  const opened = await bought({ collect: { release: [answering(200, { ...RELEASE, contents })] } });

  assert.deepEqual(purchases(opened)[0][2], { value: 49, currency: 'EUR', contents, content_type: 'product' });
});

test('a pending purchase is asked for again, and one answer that got lost costs nothing', async () => {
  const pending = answering(200, { status: 'pending' });
  const opened = await bought({
    collect: { release: [pending, unreachable, answering(503, {}), answering(200, RELEASE)] },
  });
  const pauses = [await opened.elapse(), await opened.elapse(), await opened.elapse()];

  assert.deepEqual(pauses, [[1000], [2000], [4000]]);
  assert.equal(purchases(opened).length, 1);
});

test('after two minutes nobody asks any more', async () => {
  const opened = await bought();
  let waited = 0;
  for (let due = await opened.elapse(); due.length; due = await opened.elapse()) waited += due[0];

  assert.ok(waited >= 120_000 && waited < 140_000, `${waited} ms`);
  assert.deepEqual(purchases(opened), []);
});

for (const [name, answer] of [
  ['never', answering(200, { status: 'never', reason: 'already_released' })],
  ['a refusal', answering(403, { error: 'origin_not_allowed' })],
]) {
  test(`${name} is final`, async () => {
    const opened = await bought({ collect: { release: [answer] } });

    assert.deepEqual([purchases(opened), opened.timers], [[], []]);
  });
}

test('a reload fires nothing', async () => {
  const localStorage = makeStorage();
  await bought({ localStorage, collect: released });
  const again = await bought({ localStorage, collect: released });

  assert.deepEqual(purchases(again), []);
});

test('where storage is closed a cookie remembers what was fired', async () => {
  const opened = await bought({ localStorage: makeStorage(true), collect: released });
  const { cookie } = opened.page.document;
  const again = await bought({ localStorage: makeStorage(true), cookie, collect: released });

  assert.deepEqual([purchases(opened).length, purchases(again).length], [1, 0]);
});

test('without consent nobody asks', async () => {
  const opened = openPage({ href: THANKS, collect: released });
  await settle();

  assert.deepEqual(opened.requests, []);
});

test('a marked page asks without naming a checkout, any other page does not ask', async () => {
  const marked = await bought({ href: 'https://shop.example/done', dataset: { release: '' } });
  const linked = await bought({ href: 'https://shop.example/done?settled_release' });
  const other = await bought({ href: 'https://shop.example/done?session_id=42' });

  assert.deepEqual([marked.bodies('release'), linked.bodies('release')], [[{}], [{}]]);
  assert.deepEqual(other.bodies('release'), []);
});

test('the shop hears of the release, be it early or late with its question', async () => {
  const heard = [];
  const opened = openPage({ href: THANKS, collect: released });
  opened.settled('onRelease', (release) => heard.push(release.event_id));
  opened.settled('consent', GRANTED);
  await settle();
  opened.settled('onRelease', (release) => heard.push(release.value));

  assert.deepEqual(heard, ['pi_1', 49]);
});
