import logging
logging.warning("careful")
logging.basicConfig(level=logging.INFO, force=True)
logging.info("noted")
