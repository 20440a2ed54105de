with open("helper_module.py", "w") as file:
    file.write("value = 42\n")
import helper_module, sys
print(helper_module.value, helper_module.__name__ in sys.modules)
import snippet
print(snippet.__name__, __name__)
