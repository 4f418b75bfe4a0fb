"""Bots name themselves; people, whatever they browse with, are nobody's bot."""

import pytest

from shared.domain.bots import bot_of

_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
_IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko)"
)
BOTS = [
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "googlebot"),
    ("Googlebot-Image/1.0", "googlebot-image"),
    ("AdsBot-Google (+http://www.google.com/adsbot.html)", "adsbot-google"),
    ("Mediapartners-Google", "mediapartners-google"),
    ("Mozilla/5.0 (compatible; Google-InspectionTool/1.0)", "google-inspectiontool"),
    (f"Mozilla/5.0 {_CHROME} (compatible; GoogleOther)", "googleother"),
    (f"Mozilla/5.0 (Linux; Android 11) {_CHROME} Chrome-Lighthouse", "chrome-lighthouse"),
    ("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "bingbot"),
    ("Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/slurp)", "slurp"),
    ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", "yandexbot"),
    ("Mozilla/5.0 (compatible; Baiduspider/2.0)", "baiduspider"),
    ("Mozilla/5.0 (Linux; Android 5.0) (compatible; Bytespider; x@bytedance.com)", "bytespider"),
    ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", "ahrefsbot"),
    ("Mozilla/5.0 (compatible; SemrushBot/7~bl)", "semrushbot"),
    ("facebookexternalhit/1.1", "facebookexternalhit"),
    ("meta-externalagent/1.1", "meta-externalagent"),
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "slackbot-linkexpanding"),
    ("WhatsApp/2.23.20.0", "whatsapp"),
    ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", "gptbot"),
    ("Mozilla/5.0 (compatible; ChatGPT-User/1.0)", "chatgpt-user"),
    ("Mozilla/5.0 (compatible; Applebot/0.1)", "applebot"),
    ("Mozilla/5.0 (compatible; archive.org_bot)", "archive.org_bot"),
    ("Mozilla/5.0 (compatible; UptimeRobot/2.0)", "uptimerobot"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} GTmetrix", "gtmetrix"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} PTST/211202.211915", "ptst"),
    (f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} DatadogSynthetics", "datadogsynthetics"),
    ("Mozilla/5.0 (compatible; YandexVideo/3.0; +http://yandex.com/bots)", "yandexvideo"),
    ("Mozilla/5.0 (compatible; proximic; +http://www.proximic.com)", "proximic"),
    ("adbeat_bot", "adbeat_bot"),
    ("(+https://x.example)", "unnamed"),
    ("Screaming Frog SEO Spider/20.1", "screaming"),
]
PEOPLE = [
    None,
    "",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME}",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    f"{_IPHONE} Version/19.1 Mobile/15E148 Safari/604.1",
    # In the apps of Meta, where its ads are clicked.
    f"{_IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/440.0.0.32.108;FBDV/iPhone14,5;FBMD/iPhone]",
    f"Mozilla/5.0 (Linux; Android 15; CPH2557 Build/AP3A.240617.008; wv) {_CHROME} Instagram 406.0",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 10 Pro XL; wv) {_CHROME} MetaIAB Facebook",
    # Telephones by that name.
    f"Mozilla/5.0 (Linux; Android 10; CUBOT_X30) {_CHROME}",
    f"Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) {_CHROME}",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_CHROME} Edg/142.0.0.0",
    # Somebody's own tests of his shop.
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
    "python-requests/2.34.0",
]


@pytest.mark.parametrize(("user_agent", "name"), BOTS)
def test_a_bot_that_names_itself_is_named(user_agent, name):
    assert bot_of(user_agent) == name


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_a_person_is_no_bot(user_agent):
    assert bot_of(user_agent) is None
