import json


class SettingsError(Exception):
    """The settings cannot be used."""


def parse_settings(text):
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingsError(f"not JSON: {text!r}") from error


print(parse_settings('{"debug": true}'))    # {'debug': True}
# parse_settings("debug=yes")               # SettingsError: not JSON: 'debug=yes'

try:
    parse_settings("debug=yes")
except SettingsError as error:
    print(repr(error.__cause__))
    # JSONDecodeError('Expecting value: line 1 column 1 (char 0)')
