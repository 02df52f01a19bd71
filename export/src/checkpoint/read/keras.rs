//! Reads Keras' description of a model: the order of the layers, and how they are used.

use crate::checkpoint::settings::{Activation, Direction, Padding, Settings};
use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

/// A linear layer and what follows it, by the description.
#[derive(Default)]
struct Described {
    direction: Option<Direction>,
    stride: Option<usize>,
    padding: Option<Padding>,
    upsample: usize,
    epsilon: Option<f32>,
    activation: Option<Activation>,
}

/// The settings that `description`, the JSON of a model, has.
///
/// # Errors
/// If a layer can't be converted; the message names it.
pub(crate) fn settings(description: &str) -> Result<Settings> {
    let json: Value = serde_json::from_str(description).context("Keras' description")?;
    let layers = json.pointer("/config/layers").and_then(Value::as_array);
    let layers =
        layers.context("Keras describes no layers: only Sequential and Functional have")?;
    let mut model = Model { upsample: 1, ..Model::default() };
    for layer in layers {
        let class = layer["class_name"].as_str().unwrap_or("?");
        let name = layer["config"]["name"].as_str().unwrap_or("?");
        model
            .layer(class, name, &layer["config"])
            .map_err(|why| anyhow!("layer \"{name}\" ({class}) {why:#}"))?;
    }
    model.finish()
}

/// The layers described so far.
#[derive(Default)]
struct Model {
    layers: Vec<Described>,
    order: Vec<String>,
    map: Option<[usize; 3]>,
    /// The factor of the UpSampling2D layers since the last linear layer.
    upsample: usize,
}

impl Model {
    fn layer(&mut self, class: &str, name: &str, config: &Value) -> Result<()> {
        let format = config["data_format"].as_str().unwrap_or("channels_last");
        ensure!(format == "channels_last", "is {format}: only channels_last is supported");
        match class {
            "InputLayer" | "Dropout" | "SpatialDropout2D" | "GaussianNoise" => {}
            "Dense" => self.linear(name, None, config)?,
            "Conv2DTranspose" => self.linear(name, Some(Direction::Transposed), config)?,
            "Conv2D" => self.linear(name, Some(Direction::Plain), config)?,
            "BatchNormalization" => {
                let last = self.last()?;
                ensure!(
                    last.activation.is_none() && last.epsilon.is_none(),
                    "follows an activation or another BatchNormalization: export the model as ONNX, by tf2onnx"
                );
                last.epsilon = Some(config["epsilon"].as_f64().unwrap_or(1e-3) as f32);
                self.order.push(name.to_owned());
            }
            "Activation" => self.activation(named(&config["activation"])?)?,
            "ReLU" => {
                let plain = config["max_value"].is_null()
                    && config["negative_slope"].as_f64().unwrap_or(0.0) == 0.0
                    && config["threshold"].as_f64().unwrap_or(0.0) == 0.0;
                ensure!(plain, "has limits or a slope, which are not supported");
                self.activation(Some(Activation::Relu))?;
            }
            "LeakyReLU" => {
                let slope = config["negative_slope"].as_f64().or(config["alpha"].as_f64());
                self.activation(Some(Activation::Leaky(slope.unwrap_or(0.3) as f32)))?;
            }
            "UpSampling2D" => {
                let kind = config["interpolation"].as_str().unwrap_or("nearest");
                ensure!(kind == "nearest", "is {kind}: only nearest is supported");
                let factor = square(&config["size"]).context("has a size that is no square")?;
                self.upsample = self.upsample.saturating_mul(factor);
            }
            "Reshape" => self.reshape(&config["target_shape"])?,
            _ => bail!("is not supported: export the model as ONNX, by tf2onnx"),
        }
        Ok(())
    }

    fn linear(&mut self, name: &str, direction: Option<Direction>, config: &Value) -> Result<()> {
        ensure!(
            config["output_padding"].is_null()
                && square(&config["dilation_rate"]).unwrap_or(1) == 1
                && config["groups"].as_u64().unwrap_or(1) == 1,
            "has output_padding, dilation or groups, which are not supported"
        );
        let mut described = Described { direction, upsample: 1, ..Described::default() };
        if direction.is_some() {
            described.stride = square(&config["strides"]);
            ensure!(described.stride.is_some(), "has strides that are not the same");
            described.padding = Some(match config["padding"].as_str() {
                Some("same") => Padding::Same,
                Some("valid") => Padding::Sides(0),
                _ => bail!("has a padding that is neither same nor valid"),
            });
            described.upsample = std::mem::replace(&mut self.upsample, 1);
        }
        ensure!(self.upsample == 1, "follows UpSampling2D");
        self.layers.push(described);
        self.order.push(name.to_owned());
        self.activation(named(&config["activation"])?)
    }

    fn activation(&mut self, activation: Option<Activation>) -> Result<()> {
        if activation.is_some() {
            let last = self.last()?;
            ensure!(last.activation.is_none(), "is a second activation");
            last.activation = activation;
        }
        Ok(())
    }

    fn reshape(&mut self, target: &Value) -> Result<()> {
        let sides = target.as_array().map(|sides| sides.iter().map(Value::as_u64).collect());
        let sides: Option<Option<Vec<_>>> = sides;
        match (sides.flatten().as_deref(), self.layers.last()) {
            // Latents become a map of one pixel.
            (Some([1, 1, _]), None) => Ok(()),
            (Some(&[height, width, channels]), Some(Described { direction: None, .. })) => {
                self.map = Some([channels as usize, height as usize, width as usize]);
                Ok(())
            }
            _ => bail!("to {target}: only a dense layer's features can become a map"),
        }
    }

    fn last(&mut self) -> Result<&mut Described> {
        self.layers.last_mut().context("stands before the first layer")
    }

    fn finish(self) -> Result<Settings> {
        ensure!(
            self.upsample == 1,
            "UpSampling2D after the last layer is not supported: export the model as ONNX, by tf2onnx"
        );
        let layers = &self.layers;
        let activation = |layer: &Described| layer.activation.unwrap_or(Activation::None);
        Ok(Settings {
            key: None,
            order: Some(self.order),
            map: self.map,
            convolution: layers.iter().map(|it| it.direction).collect(),
            stride: layers.iter().map(|it| it.stride).collect(),
            padding: layers.iter().map(|it| it.padding).collect(),
            output_padding: Default::default(),
            upsample: layers.iter().map(|it| Some(it.upsample)).collect(),
            activation: layers.iter().map(|it| Some(activation(it))).collect(),
            output: Some(layers.last().map_or(Activation::None, activation)),
            epsilon: layers.iter().map(|it| it.epsilon).collect(),
            ..Settings::default()
        })
    }
}

/// The number that a value is, or both numbers of a pair, if they are the same.
fn square(value: &Value) -> Option<usize> {
    let side = match value.as_array().map(Vec::as_slice) {
        Some([a, b]) if a == b => a.as_u64(),
        Some(_) => None,
        None => value.as_u64(),
    };
    side.and_then(|side| usize::try_from(side).ok())
}

/// The activation of that name; none for `linear`.
fn named(activation: &Value) -> Result<Option<Activation>> {
    match activation.as_str() {
        Some("linear") => Ok(None),
        None if activation.is_null() => Ok(None),
        Some("relu") => Ok(Some(Activation::Relu)),
        Some("leaky_relu") => Ok(Some(Activation::Leaky(0.2))),
        Some("tanh") => Ok(Some(Activation::Tanh)),
        Some("sigmoid") => Ok(Some(Activation::Sigmoid)),
        _ => bail!("has the activation {activation}, which is not supported"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(layers: &str) -> Result<Settings> {
        settings(&format!("{{\"config\": {{\"layers\": [{layers}]}}}}"))
    }

    const DENSE: &str = r#"{"class_name": "Dense", "config": {"name": "d", "activation": "relu"}}"#;

    #[test]
    fn a_description_becomes_settings() {
        let settings = told(&format!(
            r#"{DENSE}, {{"class_name": "Reshape", "config": {{"target_shape": [2, 3, 4]}}}},
            {{"class_name": "UpSampling2D", "config": {{"size": [2, 2]}}}},
            {{"class_name": "Conv2D", "config": {{"name": "c", "strides": 1, "padding": "same",
            "activation": "linear"}}}},
            {{"class_name": "LeakyReLU", "config": {{"alpha": 0.25}}}}"#
        ))
        .unwrap();
        assert_eq!(settings.map, Some([4, 2, 3]));
        assert_eq!(settings.order.unwrap(), ["d", "c"]);
        assert_eq!(settings.upsample.get(1), Some(2));
        assert_eq!(settings.activation.get(0), Some(Activation::Relu));
        assert_eq!(settings.output, Some(Activation::Leaky(0.25)));
    }

    #[test]
    fn what_is_not_supported_is_named() {
        let refused = |layers: &str, expected: &str| {
            let error = format!("{:#}", told(layers).unwrap_err());
            assert!(error.contains(expected), "{error}");
        };
        let layer = |class: &str, config: &str| {
            format!(
                "{DENSE}, {{\"class_name\": \"{class}\", \"config\": {{\"name\": \"x\"{config}}}}}"
            )
        };
        refused(&layer("Attention", ""), "layer \"x\" (Attention) is not supported");
        refused(&layer("Activation", r#", "activation": "softmax""#), "softmax");
        refused(&layer("BatchNormalization", ""), "follows an activation");
        refused(&layer("UpSampling2D", r#", "size": [2, 2]"#), "after the last layer");
        refused(&layer("LeakyReLU", ""), "second activation");
        refused(&layer("Reshape", r#", "target_shape": [-1]"#), "only a dense layer");
        refused(&layer("Conv2D", r#", "strides": [1, 2]"#), "strides");
        refused(&layer("Conv2D", r#", "data_format": "channels_first""#), "channels_first");
        refused(&layer("UpSampling2D", r#", "interpolation": "bilinear""#), "bilinear");
        assert!(settings("{").is_err() && settings("{}").is_err());
    }
}
