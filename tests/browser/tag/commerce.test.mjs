import assert from 'node:assert/strict';
import test from 'node:test';

import { agreed, settle, until } from './page.mjs';

const ITEM = { item_id: 'mug', item_name: 'Mug', item_brand: 'Kiln', quantity: 2, price: 24.5 };
const SHOPPING = { currency: 'EUR', value: 49, items: [ITEM] };
const CONTENTS = [{ id: 'mug', title: 'Mug', brand: 'Kiln', quantity: 2, item_price: 24.5 }];

const heard = async (entry, options) => {
  const dataLayer = [];
  const opened = agreed({ dataLayer, ...options });
  dataLayer.push(entry);
  await until(() => opened.names().length > 1);
  return opened;
};

for (const [ga4, meta] of Object.entries({
  view_item: 'ViewContent',
  search: 'Search',
  add_to_cart: 'AddToCart',
  add_to_wishlist: 'AddToWishlist',
  begin_checkout: 'InitiateCheckout',
  add_payment_info: 'AddPaymentInfo',
  generate_lead: 'Lead',
  sign_up: 'CompleteRegistration',
})) {
  test(`GA4's ${ga4} is Meta's ${meta}`, async () => {
    const { names } = await heard(['event', ga4, {}]);

    assert.deepEqual(names(), ['PageView', meta]);
  });
}

for (const [name, entry] of [
  ['gtag', ['event', 'add_to_cart', SHOPPING]],
  ['a tag manager', { event: 'add_to_cart', ecommerce: SHOPPING }],
  ['a flat entry', { event: 'add_to_cart', ...SHOPPING }],
]) {
  test(`value, currency and contents come along from ${name}, to both channels`, async () => {
    const { events, told } = await heard(entry);

    const expected = { value: 49, currency: 'EUR', contents: CONTENTS, content_type: 'product' };
    assert.deepEqual(events().at(-1).custom_data, expected);
    assert.deepEqual(told().at(-1).slice(1, 3), ['AddToCart', expected]);
  });
}

test('what somebody searched for comes along', async () => {
  const { events } = await heard({ event: 'search', search_term: 'blue mug' });

  assert.deepEqual(events().at(-1).custom_data, { search_string: 'blue mug' });
});

test('what was in the dataLayer before the tag is heard too', async () => {
  const opened = agreed({ dataLayer: [['event', 'view_item', SHOPPING]] });
  await until(() => opened.names().length > 1);

  assert.deepEqual(opened.names(), ['PageView', 'ViewContent']);
});

for (const [name, entry] of [
  ['an event that Meta has no word for', ['event', 'select_item', SHOPPING]],
  ['a tag manager\'s own', { event: 'gtm.js' }],
  ['an object\'s own word', { event: 'constructor' }],
]) {
  test(`${name} is no event of ours`, async () => {
    const dataLayer = [];
    const opened = agreed({ dataLayer });
    dataLayer.push(entry, { event: 'search' });
    await until(() => opened.names().includes('Search'));

    assert.deepEqual(opened.names(), ['PageView', 'Search']);
  });
}

test('a shop that speaks to us itself can have the dataLayer left alone', async () => {
  const dataLayer = [];
  const opened = agreed({ dataLayer, dataset: { ga4: 'off' } });
  dataLayer.push(['event', 'add_to_cart', SHOPPING]);
  await settle();

  assert.deepEqual([opened.names(), opened.loaded], [['PageView'], []]);
});

test('a page that tells Google nothing loads nothing more', async () => {
  const { settled, loaded } = agreed({ dataLayer: [{ event: 'gtm.js' }, ['js', new Date()]] });
  settled('track', 'AddToCart');
  await settle();

  assert.deepEqual(loaded, []);
});
