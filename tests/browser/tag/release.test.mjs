import assert from 'node:assert/strict';
import test from 'node:test';

import { DENIED, GRANTED, RELEASE, agreed, answering, openPage, settle, unreachable } from './page.mjs';

const THANKS = 'https://shop.example/thanks?session_id=cs_test_a1';

const bought = async (options) => {
  const opened = agreed({ href: THANKS, ...options });
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

test('a tag manager can fire it instead: the dataLayer has its id', async () => {
  const dataLayer = [];
  const opened = await bought({ collect: released, dataLayer, dataset: { pixel: 'none' } });

  assert.deepEqual(dataLayer.at(-1), { event: 'settled.event', event_name: 'Purchase', event_id: 'pi_1' });
  assert.deepEqual(opened.pixel, []);
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

  assert.deepEqual(pauses, [[750], [1125], [1687.5]]);
  assert.equal(purchases(opened).length, 1);
});

test('after two minutes nobody asks any more', async () => {
  const opened = await bought();
  let waited = 0;
  for (let due = await opened.elapse(); due.length; due = await opened.elapse()) waited += due[0];

  assert.ok(waited >= 120_000 && waited < 180_000, `${waited} ms`);
  assert.ok(opened.bodies('release').length < 20);
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

test('without consent nobody asks, and one who agrees later is asked for then', async () => {
  const opened = openPage({ href: THANKS, collect: released });
  await settle();
  assert.deepEqual(opened.requests, []);
  opened.settled('consent', GRANTED);
  await settle();

  assert.equal(purchases(opened).length, 1);
});

test('a visitor who takes back his consent while we ask hears no Purchase', async () => {
  const opened = await bought({ collect: { release: [answering(200, { status: 'pending' }), answering(200, RELEASE)] } });
  opened.settled('consent', DENIED);
  await opened.elapse();

  assert.deepEqual([purchases(opened), opened.bodies('release').length], [[], 1]);
});

test('a marked page asks without naming a checkout, any other page does not ask', async () => {
  const marked = await bought({ href: 'https://shop.example/done', dataset: { release: '' } });
  const other = await bought({ href: 'https://shop.example/done?session_id=42' });

  assert.deepEqual(marked.bodies('release'), [{}]);
  assert.deepEqual(other.bodies('release'), []);
});

for (const [name, entry] of [
  ['gtag', ['event', 'purchase', { value: 49, currency: 'EUR', transaction_id: '7' }]],
  ['a tag manager', { event: 'purchase', ecommerce: { value: 49, currency: 'EUR' } }],
]) {
  test(`a purchase that ${name} speaks of is a hint to ask, and never a Purchase`, async () => {
    const dataLayer = [];
    const opened = await bought({ href: 'https://shop.example/done', dataLayer });
    dataLayer.push(entry);
    await settle();

    assert.deepEqual(opened.bodies('release'), [{}]);
    assert.deepEqual([purchases(opened), opened.names()], [[], ['PageView']]);
  });
}

test('a hint beside the address does not ask twice', async () => {
  const opened = await bought({ dataLayer: [['event', 'purchase', {}]] });

  assert.deepEqual(opened.bodies('release'), [{ checkout_session_id: 'cs_test_a1' }]);
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
