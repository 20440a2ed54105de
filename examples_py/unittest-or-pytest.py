import unittest


def slug(title):
    return "-".join(title.lower().split())


class SlugTest(unittest.TestCase):
    def test_blanks(self):
        self.assertEqual(slug("Hello  World"), "hello-world")

    def test_umlauts(self):
        self.assertEqual(slug("Grüße"), "gruesse")


result = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromTestCase(SlugTest).run(result)
print(result.testsRun, len(result.failures))    # 2 1
print(result.failures[0][0].id())               # __main__.SlugTest.test_umlauts
