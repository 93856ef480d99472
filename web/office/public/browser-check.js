/* Runs in every browser, however old: says plainly what is missing instead of staying blank. ES5 and no module.
   The minimum is Chromium 94 (README of web/); each line below is something that the screens use. */
(function () {
  'use strict'
  var fit =
    'noModule' in document.createElement('script') &&
    typeof window.fetch === 'function' &&
    typeof window.EventSource === 'function' &&
    typeof window.BroadcastChannel === 'function' &&
    typeof window.ResizeObserver === 'function' &&
    typeof Object.hasOwn === 'function' &&
    typeof Array.prototype.at === 'function' &&
    !!(window.crypto && window.crypto.getRandomValues) &&
    !!(window.CSS && window.CSS.supports && window.CSS.supports('inset', '0'))
  if (fit) return
  document.documentElement.className += ' too-old'
  document.addEventListener('DOMContentLoaded', function () {
    var notice = document.getElementById('too-old')
    notice.removeAttribute('hidden')
    document.getElementById('too-old-name').textContent = navigator.userAgent
    document.getElementById('app').setAttribute('hidden', 'hidden')
  })
})()
