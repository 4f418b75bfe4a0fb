/**
 * The tag of a shop's pages, called by
 * `<script async src="https://shop.example/s/tag.js" data-dataset="…"></script>`.
 */

import { startTag } from './start.js';

// A page that carries the script twice still has one visitor with one PageView.
if (!window.settled?.isStarted) {
  window.settled = startTag(window.settled?.q);
  settled.isStarted = true;
}
