/**
 * Commerce: what a shop already tells Google Analytics 4, in Meta's words. Loaded by pages that do.
 */

// A page does not report a sale, so `purchase` is not among them.
// https://developers.google.com/analytics/devguides/collection/ga4/reference/events
const IN_META_WORDS = {
  __proto__: null,
  view_item: 'ViewContent',
  search: 'Search',
  view_search_results: 'Search',
  add_to_cart: 'AddToCart',
  add_to_wishlist: 'AddToWishlist',
  begin_checkout: 'InitiateCheckout',
  add_payment_info: 'AddPaymentInfo',
  generate_lead: 'Lead',
  sign_up: 'CompleteRegistration',
};

const contentOf = ({ item_id, item_name, item_brand, item_category, quantity, price }) => ({
  id: `${item_id ?? item_name}`,
  title: item_name,
  brand: item_brand,
  category: item_category,
  quantity,
  item_price: price,
});

/** Give Meta's name for an event of GA4's, undefined where Meta has none, and its custom_data. */
export const inMetaWords = (name, { value, currency, items, search_term } = {}) => {
  const contents = items?.map(contentOf);
  const content_type = contents && 'product';
  return [
    IN_META_WORDS[name],
    { value, currency, contents, content_type, search_string: search_term },
  ];
};
